"""One side of a comparison: what the user named, and the files and tables behind it."""
