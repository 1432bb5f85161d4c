"""Live objects → how the telemetry of each class is, and the patch for its status. It only reads."""
