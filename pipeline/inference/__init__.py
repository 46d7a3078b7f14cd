"""Photos in, boxes out."""
