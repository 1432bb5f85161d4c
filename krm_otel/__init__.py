"""krm-otel: OpenTelemetry for OaaS applications, injected at GitOps render time.

The main flow is `krm_otel.run`; the map of the package is in CONTRIBUTING.md.
"""

__version__ = "0.1.0"
