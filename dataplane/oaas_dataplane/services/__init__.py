"""The four services; each has a `run(environ)` that serves until the process is told to stop."""
