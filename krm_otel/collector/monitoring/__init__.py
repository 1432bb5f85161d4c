"""What watches: monitors, rules, dashboards."""
