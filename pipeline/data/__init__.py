"""Photos and labels in, batches out: steps 1 to 4 of the journey."""
