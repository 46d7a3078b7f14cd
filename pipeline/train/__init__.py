"""Schedule, loop, checkpoints and history: how a rung is trained."""
