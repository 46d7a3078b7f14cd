"""Decoded photos on disk, and batches of them on the device."""
