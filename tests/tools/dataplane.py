"""The reference data plane and its collector, as processes here, with what krm-otel rendered for them.

All four services belong to one class, `shop`. What a cluster would do is done by hand: the kubelet's part of the
environment, and the address of the collector's Service. Beside what is rendered stands what the user of the manifests
says: short delays, so that a test does not wait for nothing, and the SDKs' metrics of themselves go to a collector of
their own, which has no faults. There the spans end up, too.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import yaml
from opentelemetry.sdk.trace.sampling import Decision, TraceIdRatioBased

from dataplane.tests.processes import Platform
from tests.support.kubelet import POD_FIELDS, environment
from tests.tools.backend import NAMESPACE
from tests.tools.function import FUNCTION
from tests.tools.ports import FREE

SERVICES = ("router", "odgm", "function", "gateway")
OBJECT = "/api/class/shop/0/objects/cart-1"
INVOKE = f"{OBJECT}/invokes/record"
SPANS = {"PUT": 4, "POST": 12}
"""Of one request, over all services; dataplane/tests/test_services.py has them one by one."""


@dataclass(frozen=True)
class Rendered:
    """What krm-otel makes of the manifests.

    Attributes:
        environments: of each service's container.
        config: of the generated collector, and `env` its container's environment; empty where there is none.
    """

    ports: Mapping[str, int]
    environments: Mapping[str, dict[str, str]]
    config: str = ""
    env: Mapping[str, str] = field(default_factory=dict)


def rendered(spec: Mapping[str, Any], rate: float | None = 1.0, user: Mapping[str, str] | None = None) -> Rendered:
    """Of a class with this OTelConfig.

    Args:
        rate: of sampling; None: the class is not enabled.
        user: variables that the containers have themselves.
    """
    ports = {name: next(FREE) for name in SERVICES}
    manifests = [
        {"apiVersion": "fn.oaas.io/v1alpha1", "kind": "OTelConfig", "metadata": {"name": "otel"}, "spec": dict(spec)},
        {
            "apiVersion": "oaas.io/v1alpha1",
            "kind": "ClassRuntime",
            "metadata": {"name": "shop"},
            "spec": {"observability": {"enabled": rate is not None, "telemetry": {"sampling_rate": rate}}},
        },
        *(_deployment(name, {**_settings(ports)[name], **(user or {})}) for name in SERVICES),
    ]
    text = yaml.safe_dump_all(manifests, sort_keys=False)
    done = subprocess.run([FUNCTION], input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    fields, environments, config, env = (
        {**POD_FIELDS, "metadata.namespace": NAMESPACE, "status.podIP": "127.0.0.1"},
        {},
        "",
        {},
    )
    for one in yaml.safe_load_all(done.stdout):
        if one["kind"] == "Deployment":
            (container,) = one["spec"]["template"]["spec"]["containers"]
            found = environment(container, fields, {})
            if one["metadata"]["name"] in SERVICES:
                environments[one["metadata"]["name"]] = found
            else:
                env = found
        elif one["kind"] == "ConfigMap":
            config = one["data"]["collector.yaml"]
    return Rendered(ports, environments, config, env)


def _deployment(name: str, env: Mapping[str, str]) -> dict[str, Any]:
    variables = [{"name": key, "value": value} for key, value in env.items()]
    container = {"name": name, "image": f"acme/{name}", "env": variables}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "annotations": {"oaas.io/class-runtime": "shop", "oaas.io/otel-sdk": "spec"}},
        "spec": {"template": {"spec": {"containers": [container]}}},
    }


def _settings(ports: Mapping[str, int]) -> dict[str, dict[str, str]]:
    peers = {"OPRC_ZENOH_PEERS": f"tcp/127.0.0.1:{ports['router']}"}
    routes = {"shop/record": f"http://127.0.0.1:{ports['function']}"}
    return {
        "router": {"OPRC_ZENOH_PORT": str(ports["router"])},
        "odgm": {**peers, "ODGM_HTTP_PORT": str(ports["odgm"]), "ODGM_COLLECTION": '[{"name": "shop"}]'},
        "function": {**peers, "PORT": str(ports["function"]), "OPRC_FN_REQUEST_TIMEOUT_MS": "30000"},
        "gateway": {
            **peers,
            "OPRC_GW_HTTP_PORT": str(ports["gateway"]),
            "OPRC_GW_FN_ROUTES": json.dumps(routes),
            "OPRC_GW_REQUEST_TIMEOUT_MS": "30000",  # a busy machine is no fault of telemetry's
        },
    }


@dataclass
class Fleet:
    """The four services, and what their clients have seen."""

    platform: Platform
    ports: Mapping[str, int]
    rate: float = 1.0
    answers: list[tuple[str, int, str]] = field(default_factory=list)
    """Of every request: method, status, trace id."""

    def start(self) -> None:
        for name in SERVICES:
            self.platform.start(name)
        for name in SERVICES[1:]:
            self.platform.ready(name)

    def load(self, requests: int, clients: int = 1) -> list[str]:
        """So many invocations of the function, from so many clients at once; their trace ids."""
        first = len(self.answers)
        if not first:
            self._send(["PUT"])
        share = [["POST"] * len(range(one, requests, clients)) for one in range(clients)]
        if clients == 1:
            self._send(share[0])
        else:
            with ThreadPoolExecutor(clients) as pool:
                list(pool.map(self._send, share))
        return [trace for _, _, trace in self.answers[first:]]

    def _send(self, methods: Sequence[str]) -> None:
        with httpx.Client(base_url=f"http://127.0.0.1:{self.ports['gateway']}", timeout=60) as client:
            for method in methods:
                path = INVOKE if method == "POST" else OBJECT
                answer = client.request(method, path, json={"items": 1})
                self.answers.append((method, answer.status_code, answer.headers.get("x-trace-id", "")))

    @property
    def made(self) -> int:
        """Spans that the services have to have made for what they answered: all of each trace that the rate keeps."""
        ratio = TraceIdRatioBased(self.rate)

        def kept(trace: str) -> bool:
            return ratio.should_sample(None, int(trace, 16), "request").decision is Decision.RECORD_AND_SAMPLE

        return sum(SPANS[method] for method, _, trace in self.answers if kept(trace))

    def stop(self) -> list[int]:
        """Exit codes. They all end at once, as pods do when a class goes, but for the router."""
        ending = [self.platform.services[name] for name in reversed(SERVICES)]
        with ThreadPoolExecutor(len(ending)) as pool:
            return list(pool.map(lambda service: service.stop(), ending))


@contextmanager
def fleet(folder: Path, made: Rendered, address: str = "") -> Iterator[Fleet]:
    """The services are ready.

    Args:
        address: what the host of a generated collector's Service resolves to, with the port; empty: no such host.
    """
    environments = {}
    for name, env in made.environments.items():
        changed = dict(env)
        if address and "OTEL_EXPORTER_OTLP_ENDPOINT" in env:
            assert env["OTEL_EXPORTER_OTLP_ENDPOINT"].startswith("http://shop-otel-collector:")
            changed["OTEL_EXPORTER_OTLP_ENDPOINT"] = f"http://{address}"
        environments[name] = changed
    folder.mkdir(exist_ok=True)
    rate = float(made.environments["gateway"].get("OTEL_TRACES_SAMPLER_ARG", 1))
    found = Fleet(Platform(folder, made.ports, environments), made.ports, rate)
    try:
        found.start()
        yield found
    finally:
        found.platform.end()
