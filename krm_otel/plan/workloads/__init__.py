"""What happens to each workload."""
