"""The shared MLflow server where it answers, else the local store, and what reaches which later."""
