"""Checked labels become the three tables."""
