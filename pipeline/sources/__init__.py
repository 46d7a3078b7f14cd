"""Where labelled photos come from."""
