"""Logs results to MLflow, identified by DVC's lock file."""
