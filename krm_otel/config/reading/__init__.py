"""YAML nodes to models: every fault at once, each with its field and what to write."""
