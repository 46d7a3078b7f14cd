"""What runs a network: torch, or a runtime for files of `ladder export`."""
