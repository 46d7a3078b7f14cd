"""CSV with one row per box."""
