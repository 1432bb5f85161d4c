"""The managed collector of a class: its address, config, manifests and monitoring, as pure functions over settings."""
