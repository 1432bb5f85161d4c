"""The command line: only this package uses files, standard streams and the environment."""
