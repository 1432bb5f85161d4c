"""KRM Functions Specification: envelopes, resources and results."""
