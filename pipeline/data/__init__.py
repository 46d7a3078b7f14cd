"""Photos on disk as one array, and batches of them on the device."""
