"""What deserves a look in a data set: copies of photos, odd boxes, rare classes."""
