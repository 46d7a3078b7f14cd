"""The documents, and what renders parts of them."""
