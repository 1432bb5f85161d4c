"""Views: the outcome of a run as text for people. They make no decisions, and use no files or streams."""
