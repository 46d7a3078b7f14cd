"""Runs of MLflow that grow while a rung trains."""
