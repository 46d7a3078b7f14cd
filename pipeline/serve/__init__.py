"""Photos over HTTP, boxes back as JSON."""
