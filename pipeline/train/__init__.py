"""Schedule, loop, checkpoints and history: how a rung learns, and what is left of it."""
