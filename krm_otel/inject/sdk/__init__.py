"""What the SDKs of a container need: environment variables, each with its origin."""
