"""What is said of each class once all workloads are known."""
