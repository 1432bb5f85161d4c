"""The command line: the only place that reads and writes files, standard streams and the environment."""
