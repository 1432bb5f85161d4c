"""The collector's own configuration, from settings."""
