"""MLflow runs that grow while a rung trains."""
