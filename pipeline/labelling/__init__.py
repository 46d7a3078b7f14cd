"""Photos in, files of labels out: a job that resumes where it was stopped."""
