"""What the SDK of a container needs: environment variables, each with its origin."""
