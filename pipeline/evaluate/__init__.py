"""Predictions against labels, numbers only: step 6 of the journey."""
