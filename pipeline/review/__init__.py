"""Machine labels that a person should see first, and what the person decides."""
