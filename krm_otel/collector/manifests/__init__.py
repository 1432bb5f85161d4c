"""The objects that run a managed collector, and its container."""
