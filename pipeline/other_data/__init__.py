"""Labelled photos from elsewhere: read for a finished model, and what it reached on them."""
