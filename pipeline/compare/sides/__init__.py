"""One side of a comparison: what a person has named, and the files and tables behind it."""
