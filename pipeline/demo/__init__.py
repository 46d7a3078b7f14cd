"""Paints the demo's photos."""
