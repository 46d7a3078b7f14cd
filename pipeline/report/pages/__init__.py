"""Pages about the data and the ladder, in HTML and one in Markdown."""
