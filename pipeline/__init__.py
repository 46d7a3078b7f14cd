"""The library of the ladder: docs/architecture.md has its rooms and who imports whom."""
