"""Pictures and tables for people, drawn from files: step 7 of the journey."""
