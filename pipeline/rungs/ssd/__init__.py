"""The rungs for every object in the photo."""
