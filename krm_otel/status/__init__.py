"""What is said of a class's telemetry: conditions, as upstream's ClassRuntime has them."""
