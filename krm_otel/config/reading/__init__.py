"""YAML nodes to models: all errors at once, each with its field and what to write."""
