"""The sub-commands of `ladder`."""
