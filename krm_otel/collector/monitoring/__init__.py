"""Monitoring of a class and its collector: monitors, Prometheus rules and dashboards."""
