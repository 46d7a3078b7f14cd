"""The parser of a command, and options that several commands share."""
