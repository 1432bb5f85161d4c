"""The conditions of a class: what its settings and workloads come to. Pure data; nothing here knows a manifest.

Types and reasons are the proposal's (section 4); shapes are upstream's `status.conditions`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from krm_otel.config.settings import Settings

CONFIGURED: Final = "TelemetryConfigured"
DEGRADED: Final = "TelemetryDegraded"
TYPES: Final = (CONFIGURED, DEGRADED)
CONFIG_APPLY_ERROR: Final = "ConfigApplyError"
COLLECTOR_UNAVAILABLE: Final = "CollectorUnavailable"
NO_BACKEND: Final = "NoBackend"
NO_WORKLOAD: Final = "NoWorkload"
INJECTED: Final = "Injected"


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition, without the time at which it came to be so."""

    type: str
    status: Literal["True", "False", "Unknown"]
    reason: str
    message: str

    def __str__(self) -> str:
        return f"{self.type} is {self.status} ({self.reason}): {self.message}"

    def entry(self, before: dict[str, str], now: str = "") -> dict[str, str]:
        """As an entry of `status.conditions`.

        `before` is what stands there of this type: its `lastTransitionTime` holds as long as the status does.
        `now` is that of one which changed; empty: it has none.
        """
        data = {"type": self.type, "status": self.status, "reason": self.reason, "message": self.message}
        since = before.get("lastTransitionTime", "") if before.get("status") == self.status else now
        return data | ({"lastTransitionTime": since} if since else {})


@dataclass(slots=True)
class Tally:
    """What came of the workloads of a class: how many are instrumented, how many have errors."""

    done: int = 0
    failed: int = 0


def conditions(settings: Settings | None, tally: Tally, *, faulty: bool = False) -> tuple[Condition, ...]:
    """What can be said of a class whose telemetry is on, but for what its collector does in a cluster.

    `settings` may not be known; `faulty`: they, or what the class is to have, have errors.
    """
    if faulty:
        text = "this class has errors, so it keeps what it had; write what is proposed for them"
        return (Condition(CONFIGURED, "False", CONFIG_APPLY_ERROR, text), degraded(text))
    found = [_configured(settings, tally)]
    if tally.failed:
        end = "keeps what it had" if tally.failed == 1 else "keep what they had"
        text = f"{_workloads(tally.failed)} cannot be instrumented and {end}"
        found.append(degraded(text))
    return tuple(found)


def degraded(message: str, reason: str = CONFIG_APPLY_ERROR) -> Condition:
    """Telemetry that is on and not as it should be."""
    return Condition(DEGRADED, "True", reason, message)


def _configured(settings: Settings | None, tally: Tally) -> Condition:
    if not tally.done:
        return Condition(CONFIGURED, "False", NO_WORKLOAD, "no workload of this class is instrumented")
    collector = settings.collector if settings else None
    text = f"{_workloads(tally.done)} instrumented"
    if settings is not None:
        managed = collector or settings.node_collector
        text += f", mode {settings.mode.value}" if managed else ", sending directly"
    if collector is None:
        return Condition(CONFIGURED, "True", INJECTED, text)
    kinds = {signal: {one.value.kind for one in targets} for signal, targets in collector.exporters.items()}
    printed = [signal for signal, found in kinds.items() if found == {"debug"}]
    if printed and len(printed) == len(kinds):
        text = "the collector prints what it gets: write collector.exporters, or a backend in the OTelConfig"
        return Condition(CONFIGURED, "False", NO_BACKEND, text)
    return Condition(CONFIGURED, "True", INJECTED, text)


def _workloads(count: int) -> str:
    return "1 workload" if count == 1 else f"{count} workloads"
