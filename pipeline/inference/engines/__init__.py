"""What runs a network: torch, or a runtime that reads a file which `ladder export` has written."""
