"""Builds the three tables from labels."""
