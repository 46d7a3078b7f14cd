"""A trained rung becomes a file that runs without this project, checked against torch."""
