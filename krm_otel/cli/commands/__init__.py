"""The commands of `krm-otel`, one module for each, or for a few that are alike."""
