"""A small OaaS data plane: gateway, function, object store and router, joined by HTTP and Zenoh.

Telemetry is configured by the `OTEL_*` variables of the environment alone, which is what krm-otel injects.
"""

__version__ = "0.1.0"
