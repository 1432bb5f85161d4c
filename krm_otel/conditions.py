"""The conditions of a class, from its settings and its workloads, as plain data without manifests.

Types and reasons are the proposal's (section 4); shapes are upstream's `status.conditions`.
"""

from __future__ import annotations

from typing import Final, Literal

from krm_otel.config.settings import Settings
from krm_otel.dataclass import dataclass

CONFIGURED: Final = "TelemetryConfigured"
DEGRADED: Final = "TelemetryDegraded"
TYPES: Final = (CONFIGURED, DEGRADED)
CONFIG_APPLY_ERROR: Final = "ConfigApplyError"
COLLECTOR_UNAVAILABLE: Final = "CollectorUnavailable"


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition, without the time of its last transition."""

    type: str
    status: Literal["True", "False", "Unknown"]
    reason: str
    message: str

    def __str__(self) -> str:
        return f"{self.type} is {self.status} ({self.reason}): {self.message}"

    def entry(self, before: dict[str, str], now: str = "") -> dict[str, str]:
        """The condition as an entry of `status.conditions`.

        Args:
            before: the existing entry of this type. Its `lastTransitionTime` stays as long as the status does.
            now: the time for a status that changes; empty: the entry gets none.
        """
        data = {"type": self.type, "status": self.status, "reason": self.reason, "message": self.message}
        since = before.get("lastTransitionTime", "") if before.get("status") == self.status else now
        return data | ({"lastTransitionTime": since} if since else {})


def conditions(
    settings: Settings | None, instrumented: int, failed: int = 0, *, faulty: bool = False
) -> tuple[Condition, ...]:
    """The conditions of a class whose telemetry is on, except for what its collector does in a cluster.

    Args:
        settings: the settings of the class; None: they are not known.
        instrumented: how many of its workloads are instrumented.
        failed: how many of its workloads cannot be instrumented.
        faulty: the class has errors, or what it needs cannot be generated.
    """
    if faulty:
        text = "this class has errors, so it keeps what it had; write what is proposed for them"
        return (Condition(CONFIGURED, "False", CONFIG_APPLY_ERROR, text), degraded(text))
    configured = _configured(settings, instrumented)
    if not failed:
        return (configured,)
    end = "keeps what it had" if failed == 1 else "keep what they had"
    return configured, degraded(f"{_workloads(failed)} cannot be instrumented and {end}")


def degraded(message: str, reason: str = CONFIG_APPLY_ERROR) -> Condition:
    """The condition of telemetry that is on and does not work as configured."""
    return Condition(DEGRADED, "True", reason, message)


def _configured(settings: Settings | None, instrumented: int) -> Condition:
    if not instrumented:
        return Condition(CONFIGURED, "False", "NoWorkload", "no workload of this class is instrumented")
    collector = settings.collector if settings else None
    text = f"{_workloads(instrumented)} instrumented"
    if settings is not None:
        managed = collector or settings.node_collector
        text += f", mode {settings.mode.value}" if managed else ", sending directly"
    targets = [target for exporters in collector.exporters.values() for target in exporters] if collector else []
    if targets and all(target.value.kind == "debug" for target in targets):
        text = "the collector prints what it gets: write collector.exporters, or a backend in the OTelConfig"
        return Condition(CONFIGURED, "False", "NoBackend", text)
    return Condition(CONFIGURED, "True", "Injected", text)


def _workloads(count: int) -> str:
    return "1 workload" if count == 1 else f"{count} workloads"
