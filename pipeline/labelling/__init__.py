"""Photos in, files of labels out: a job that goes on where it was stopped."""
