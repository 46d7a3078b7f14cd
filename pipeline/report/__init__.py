"""Pictures, tables and pages for people, made from files."""
