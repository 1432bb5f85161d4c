"""Results in the forms that the services of a pull request read."""
