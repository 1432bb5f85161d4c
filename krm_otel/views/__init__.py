"""Views: a run's outcome → text for people. They decide nothing."""
