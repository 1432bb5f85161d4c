"""The images of this project, built and run with podman, without a registry: `python3 -m tools.containers`."""
