"""CSV, a row a box."""
