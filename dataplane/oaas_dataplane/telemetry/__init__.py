"""Telemetry of a Python service: one call at start, and nothing else.

    from oaas_dataplane import telemetry

    with telemetry.configure():
        serve()

Everything comes from the environment (`OTEL_*`). Without the SDK (extra `otel`), or where it cannot be configured,
the service works on and one warning says what is wrong.
"""

from oaas_dataplane.telemetry.bootstrap import Telemetry, configure

__all__ = ["Telemetry", "configure"]
