"""MLflow and DVC's lock file: what makes a result known."""
