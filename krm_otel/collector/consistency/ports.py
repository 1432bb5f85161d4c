"""Whether two components listen on one port."""

from __future__ import annotations

from collections.abc import Iterator

from krm_otel.collector.consistency.problem import Deployed, Problem
from krm_otel.collector.reading.receivers import Listener
from krm_otel.diagnostics.rules import merged_config as rules


def port_problems(deployed: Deployed) -> Iterator[Problem]:
    """Ports that two components need: the collector ends when it starts."""
    listeners = deployed.listening.all
    for index, listener in enumerate(listeners):
        for other in listeners[:index]:
            if _clash(listener, other):
                text = f"is {listener.address.text}, and {other.component} listens on port {other.address.port}, too"
                yield Problem(rules.CONFIG_PORT_TAKEN, listener.steps, text, "write another port")


def _clash(one: Listener, other: Listener) -> bool:
    mine, others = one.address, other.address
    if mine.port is None or (one.transport, mine.port) != (other.transport, others.port):
        return False
    hosts = {mine.host, others.host}
    return "all" in hosts or (len(hosts) == 1 and (mine.host != "unknown" or mine.text == others.text))
