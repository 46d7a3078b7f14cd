"""Finds what deserves a look in a data set: duplicate photos, odd boxes, rare classes."""
