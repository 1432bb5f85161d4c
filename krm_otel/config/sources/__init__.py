"""The sources of configuration: which objects and variables configure the input, and lookups in their layers."""
