"""Reads input that may be damaged or hostile, or refuses it in one line."""
