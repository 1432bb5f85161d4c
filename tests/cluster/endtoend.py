"""The package examples/end-to-end on the cluster, and what its trace has to look like."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import yaml

from tests.cluster.kubernetes import SINK, Cluster, until
from tests.support.kubelet import environment
from tests.support.otelcol import attributes
from tools.cluster.cluster import inside
from tools.demo import jaeger
from tools.demo.example import CONFIG, INVOKE, OBJECT, rendered
from tools.demo.traces import Span

GET, SET = (f"{operation} oprc/{{class}}/{{partition}}/objects/{{object}}" for operation in ("get", "set"))
QUICK = {"timeout": "200ms"}
EXPORTERS = {"traces": jaeger.ENDPOINT, "metrics": SINK, "logs": SINK}
MODES: dict[str, dict[str, Any]] = {
    "sidecar": {"mode": "sidecar", "batch": QUICK, "exporters": EXPORTERS},
    "deployment": {"mode": "deployment", "batch": QUICK, "exporters": EXPORTERS},
    "daemonset": {"mode": "daemonset", "batch": QUICK, "exporters": EXPORTERS, "daemonset": {"manage": True}},
    "external": {"mode": "external", "endpoint": SINK, "exporters": EXPORTERS},
}
"""What the platform decides: `collector` of the OTelConfig. Nothing else differs."""


def config(mode: str) -> str:
    """The example's OTelConfig with one of MODES."""
    found = yaml.safe_load(CONFIG.read_text())
    found["spec"]["collector"] = MODES[mode]
    return yaml.safe_dump(found)


def manifests(namespace: str, mode: str, function: str = "deployments") -> list[dict[str, Any]]:
    """The package as it is rendered with that; all but the class, which is of no known kind."""
    text = rendered(namespace, config(mode), function)
    return [data for data in yaml.safe_load_all(text) if data and data["kind"] != "ClassRuntime"]


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: str


@dataclass(frozen=True)
class Platform:
    """What runs in a namespace."""

    cluster: Cluster
    namespace: str
    function: str
    """Service name of the function."""
    jaeger: str
    """Address of Jaeger."""
    attributes: dict[str, dict[str, str]] = field(default_factory=dict)
    """Service name → the resource attributes that its pod was given."""

    @property
    def names(self) -> tuple[str, ...]:
        return ("gateway", "router", self.function, "shop-odgm")

    @cached_property
    def _gateway(self) -> str:
        (address,) = [
            service["spec"]["clusterIP"]
            for service in self.cluster.get("services", self.namespace)
            if service["metadata"]["name"] == "oaas-gateway"
        ]
        return str(address)

    def call(self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None) -> Answer:
        """A request to the gateway, from the node."""
        url = f"http://{self._gateway}{path}"
        command = ["curl", "--silent", "--max-time", "15", "--include", "--request", method, url]
        for name, value in (headers or {}).items():
            command += ["--header", f"{name}: {value}"]
        if body is not None:
            command += ["--data", json.dumps(body), "--header", "content-type: application/json"]
        done = subprocess.run(inside(*command), capture_output=True, text=True, check=False)
        head, _, rest = done.stdout.replace("\r\n", "\n").partition("\n\n")
        first, *lines = head.split("\n")
        if done.returncode or not first:
            return Answer(0, {}, done.stderr)
        return Answer(
            int(first.split()[1]), {k.lower(): v for k, _, v in (line.partition(": ") for line in lines)}, rest
        )

    def answers(self) -> None:
        """Waits until an object can be stored and a function called: endpoints come a moment after pods."""
        unsampled = {"traceparent": f"00-{'f' * 32}-{'f' * 16}-00"}

        def asks() -> bool | None:
            stored = self.call("PUT", OBJECT, {"a": 1}, unsampled).status == 204
            return (stored and self.call("POST", INVOKE, {"a": 1}, unsampled).status == 200) or None

        until(asks, lambda: f"{self.call('POST', INVOKE, {})}\n{self.cluster.describe(self.namespace)}")

    def trace(self, trace_id: str, expected: int) -> list[Span]:
        """Waits until Jaeger has so many spans of a trace."""
        found: list[Span] = []

        def asks() -> bool | None:
            found[:] = jaeger.trace(self.jaeger, trace_id)
            return len(found) >= expected or None

        until(asks, lambda: f"{[(s.service, s.name) for s in found]}\n{self.cluster.describe(self.namespace)}")
        return found

    def note_attributes(self) -> None:
        """What each pod's container was given by krm-otel, as it arrives there."""
        for pod in self.cluster.get("pods", self.namespace):
            meta, spec = pod["metadata"], pod["spec"]
            fields = {
                "metadata.namespace": self.namespace,
                "metadata.name": meta["name"],
                "metadata.uid": meta["uid"],
                "spec.nodeName": spec["nodeName"],
            }
            for container in spec["containers"]:
                names = {entry["name"] for entry in container.get("env", ())}
                if "OTEL_SERVICE_NAME" in names and "deletionTimestamp" not in meta:
                    ours = {
                        **container,
                        "env": [e for e in container["env"] if e["name"].startswith(("OTEL_", "OAAS_"))],
                    }
                    env = environment(ours, fields, {})
                    pairs = (pair.partition("=") for pair in env["OTEL_RESOURCE_ATTRIBUTES"].split(","))
                    self.attributes[env["OTEL_SERVICE_NAME"]] = {key: value for key, _, value in pairs}

    def router(self) -> str:
        """The router's Zenoh ID, in its own words."""
        log = self.cluster.kubectl(
            "logs", "statefulset/oaas-router", "--namespace", self.namespace, "--container=router"
        )
        (line,) = [json.loads(line) for line in log.splitlines() if '"router ' in line]
        return str(line["message"].split()[1])

    def expected(self) -> list[tuple[str, str, str, str | None]]:
        """Service, kind and name of each span of a call of `record`, and the service and kind of its parent."""
        function = self.function
        return [
            ("gateway", "server", "POST /api/class/{cls}/{partition}/objects/{object}/invokes/{function}", None),
            ("gateway", "client", GET, "gateway server"),
            ("shop-odgm", "server", GET, "gateway client"),
            ("shop-odgm", "client", "SELECT", "shop-odgm server"),
            ("gateway", "client", "POST", "gateway server"),
            (function, "server", "POST /", "gateway client"),
            (function, "client", GET, f"{function} server"),
            ("shop-odgm", "server", GET, f"{function} client"),
            ("shop-odgm", "client", "SELECT", "shop-odgm server"),
            (function, "client", f"{SET}/set", f"{function} server"),
            ("shop-odgm", "server", f"{SET}/set", f"{function} client"),
            ("shop-odgm", "client", "INSERT", "shop-odgm server"),
        ]

    def got(self, spans: Sequence[Span]) -> list[tuple[str, str, str, str | None]]:
        by_id = {span.span_id: span for span in spans}

        def parent(span: Span) -> str | None:
            found = by_id.get(span.parent_id or "")
            return f"{found.service} {found.kind}" if found else None

        return [(span.service, span.kind, span.name, parent(span)) for span in spans]

    def signals(self, trace_ids: set[str]) -> Signals:
        """Waits until metrics and logs of every service are in the sink, and a log record of each of these traces."""
        found: list[Signals] = []

        def asks() -> bool | None:
            found[:] = [_signals(self.cluster, self.namespace)]
            got = found[0]
            complete = set(got.metrics) >= set(self.names) <= set(got.logs) and trace_ids <= got.traced
            return complete or None

        def otherwise() -> str:
            got = found[0]
            return f"metrics of {set(got.metrics)}, logs of {set(got.logs)}, of traces {got.traced & trace_ids}"

        until(asks, otherwise)
        return found[0]


@dataclass(frozen=True)
class Signals:
    """Service name → resource attributes and what came under them."""

    metrics: dict[str, tuple[dict[str, str], dict[str, Any]]]
    logs: dict[str, tuple[dict[str, str], list[dict[str, Any]]]]
    traced: set[str]
    """Trace ids of log records."""


def _signals(cluster: Cluster, namespace: str) -> Signals:
    arrived = cluster.sink()
    metrics: dict[str, tuple[dict[str, str], dict[str, Any]]] = {}
    logs: dict[str, tuple[dict[str, str], list[dict[str, Any]]]] = {}
    mine: Callable[[dict[str, str]], bool] = lambda found: found.get("service.namespace") == namespace  # noqa: E731
    for entry in arrived.metrics:
        if mine(found := attributes(entry)):
            _, got = metrics.setdefault(found.get("service.name", ""), (found, {}))
            got.update({metric["name"]: metric for scope in entry["scopeMetrics"] for metric in scope["metrics"]})
    for entry in arrived.logs:
        if mine(found := attributes(entry)):
            _, records = logs.setdefault(found.get("service.name", ""), (found, []))
            records += [record for scope in entry["scopeLogs"] for record in scope["logRecords"]]
    traced = {record.get("traceId", "") for _, records in logs.values() for record in records}
    return Signals(metrics, logs, traced)
