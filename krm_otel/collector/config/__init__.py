"""The collector's own config, generated from settings."""
