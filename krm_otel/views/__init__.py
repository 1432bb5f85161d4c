"""Views: the outcome of a run as text for people. They make no decisions."""
