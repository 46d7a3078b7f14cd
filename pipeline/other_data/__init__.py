"""Labelled photos from elsewhere, to evaluate a finished model on."""
