"""A web server: photos in over HTTP, boxes out as JSON."""
