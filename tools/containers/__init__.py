"""Images of this project, built and run with podman where no registry can be reached: `python3 -m tools.containers`."""
