"""Label Studio's JSON of tasks."""
