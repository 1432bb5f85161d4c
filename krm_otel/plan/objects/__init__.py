"""What happens to each generated object."""
