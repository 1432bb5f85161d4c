"""How a collector reads its config: structure, references, and where it listens. Pure functions over plain data."""
