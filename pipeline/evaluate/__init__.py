"""Predictions, metrics and pictures: step 7 of the journey."""
