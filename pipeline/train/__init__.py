"""Matching, losses, schedule, loop and checkpoints: step 6 of the journey."""
