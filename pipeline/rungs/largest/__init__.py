"""The rungs for the largest object: what, where, both."""
