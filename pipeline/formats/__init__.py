"""Label formats: from a file to columns."""
