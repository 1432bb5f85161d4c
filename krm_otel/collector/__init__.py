"""The managed collector of a class: its address, config, manifests and sidecar, as pure functions over settings."""
