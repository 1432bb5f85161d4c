"""Exporters that the user wrote: whether their endpoints lead somewhere, and whether no header is lost.

Sources: collector v0.158, `exporter/otlpexporter` (an endpoint needs a port), `exporter/otlphttpexporter` (`endpoint`
gets `/v1/<signal>`, `<signal>_endpoint` is used as it is). The kubelet expands `$(NAME)` in variables only.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from krm_otel.collector.config.environment import NODE_IP_VARIABLE
from krm_otel.collector.consistency.problem import Deployed, Problem
from krm_otel.collector.reading.references import texts
from krm_otel.collector.reading.structure import mapping, type_of, used
from krm_otel.config.types.endpoint import endpoint_of_signal, is_node_address, is_valid, path_finding
from krm_otel.credential import headers_twice
from krm_otel.diagnostics.field_path import Step
from krm_otel.diagnostics.rules import destinations as rules
from krm_otel.diagnostics.rules import fields as field_rules
from krm_otel.otlp import PORTS, SIGNALS
from krm_otel.proxies import is_in_cluster
from krm_otel.regex import regex

_GRPC: Final = ("otlp", "otlp_grpc")
_HTTP: Final = ("otlphttp", "otlp_http")
_PORT: Final = regex(r":[0-9]+\Z")
_KUBELET: Final = regex(r"\$\((\w+)\)")


def exporter_problems(deployed: Deployed) -> Iterator[Problem]:
    """What is wrong with the exporters that some pipeline uses, and with the headers of all."""
    for steps, first in headers_twice(deployed.config):
        # One of its values is lost.
        yield Problem(field_rules.HEADER_TWICE, steps, f"is the same header as {first}", f"write it as {first}")
    own = mapping(deployed.own.get("exporters"))
    for name in used(deployed.config, "exporters"):
        for steps, text in texts(own.get(name)):
            if not steps or not str(steps[-1]).endswith("endpoint"):
                continue
            place: tuple[Step, ...] = ("exporters", name, *steps)
            if match := _KUBELET.search(text):
                variable = NODE_IP_VARIABLE if is_node_address(match[1]) else match[1]
                said = f"is {text}, and nothing expands {match[0]} in a config"
                yield Problem(rules.ENDPOINT_VARIABLE, place, said, f"write ${{env:{variable}}}")
            elif len(steps) == 1 and "${" not in text:
                yield from _of_type(type_of(name), place, text)


def _of_type(kind: str, place: tuple[Step, ...], text: str) -> Iterator[Problem]:
    key = str(place[-1])
    if kind in _GRPC and key == "endpoint":
        host = text.partition("://")[2] or text
        if (
            is_valid(f"http://{host}")
            and "/" not in host
            and not _PORT.search(host)
            and not host.startswith(("unix:", "dns:"))
        ):
            plain = text.startswith("http://") or (is_in_cluster(host) and not text.startswith("https://"))
            said = f"is {text}, and the collector takes no gRPC endpoint without a port"
            yield Problem(rules.ENDPOINT_PORT, place, said, f"write {host}:{PORTS['grpc'] if plain else 443}", "error")
    elif kind not in _HTTP or not is_valid(text):
        return
    elif key == "endpoint":
        if finding := path_finding(text.rstrip("/"), "http", base=True):
            said = finding.text.replace("SDKs append themselves", "the collector appends")
            yield Problem(finding.rule, place, said, finding.fix)
    elif (signal := key.removesuffix("_endpoint")) in SIGNALS:
        better = endpoint_of_signal(text, signal)
        if better != text:
            said = f"ends in no /v1/{signal}, and {signal} are sent to {text} as it is"
            yield Problem(rules.ENDPOINT_SIGNAL_PATH, place, said, f"write {better}")
