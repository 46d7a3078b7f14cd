"""Machine labels that a person should review first, and the person's decisions."""
