"""The rungs of the ladder."""
