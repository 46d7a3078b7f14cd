"""Pages of HTML, and one of Markdown, about the data and the ladder."""
