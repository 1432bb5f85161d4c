"""Targets → the exporters of a collector's config.

Facts behind it (collector v0.158.0): `otlp_http` adds `/v1/<signal>` to `endpoint` and takes `<signal>_endpoint` as it
is; an `otlp_grpc` endpoint needs a port, and `http://` in it would not switch TLS off; `prometheus` *listens* on its
endpoint; `prometheus_remote_write` has a queue of its own kind; `prometheus`, `file` and `debug` send nothing, so they
need neither queue nor retries.
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlsplit

from krm_otel.collector.addresses import SCRAPE_PORT
from krm_otel.collector.config.credentials import Credentials
from krm_otel.config.settings import CollectorSettings, Target
from krm_otel.otlp import PORTS, SIGNALS

_QUEUE: Final = {"sidecar": 200, "deployment": 1000, "daemonset": 1000}
"""Batches that wait while a backend is away; memory_limiter refuses more before memory runs out."""
FILES_FOLDER: Final = "/var/lib/oaas-otel-files"
STORAGE: Final = "file_storage"
"""The extension that keeps what waits in files."""
_RETRY: Final = {"enabled": True, "initial_interval": "5s", "max_interval": "30s", "max_elapsed_time": "300s"}


def identify(managed: CollectorSettings) -> dict[tuple[str, Target], str]:
    """(signal, target) → the exporter's id. One target is one exporter, whatever signals go there.

    An endpoint that nobody gave a name is called by the signals that go there: `otlp_grpc/traces-metrics`.
    """
    users: dict[Target, list[str]] = {}
    for signal in SIGNALS:
        for sourced in managed.exporters.get(signal, ()):
            users.setdefault(sourced.value, []).append(signal)
    taken: set[str] = set()
    found: dict[tuple[str, Target], str] = {}
    for target, signals in users.items():
        wish = _id(target, target.name or "-".join(signals))
        name, number = wish, 1
        while name in taken:
            number += 1
            name = f"{wish}-{number}"
        taken.add(name)
        found.update({(signal, target): name for signal in signals})
    return found


def _id(target: Target, name: str) -> str:
    return target.kind if name == target.kind else f"{target.kind}/{name}"


def exporter(target: Target, signals: list[str], managed: CollectorSettings, known: Credentials) -> dict[str, Any]:
    """The config of one exporter; `signals` are those that go there."""
    if target.kind == "debug":
        return {"verbosity": "basic"}
    if target.kind == "prometheus":
        # Exemplars, which lead to traces, have no place in the older format.
        return {"endpoint": scrape_address(managed), "enable_open_metrics": True}
    if target.kind == "file":
        rotation = {"max_megabytes": target.files.max_megabytes, "max_backups": target.files.max_backups}
        return {"path": f"{file_folder(target)}/otlp.jsonl", "rotation": rotation}
    if target.kind == "load_balancing":
        return _load_balancing(target, managed)
    made = {**_endpoint(target, signals), **_headers(target, known), **_tls(target, known)}
    chosen = managed.queue.value
    queue: dict[str, Any] = {"enabled": True, "queue_size": chosen.size or _QUEUE[managed.mode.value]}
    made["retry_on_failure"] = dict(_RETRY)
    if target.kind == "prometheus_remote_write":
        return {**made, "remote_write_queue": queue}  # it has no files
    if chosen.persistent:
        queue["storage"] = STORAGE
    return {**made, "sending_queue": queue}


def file_folder(target: Target) -> str:
    """Where the files of a backend are."""
    return f"{FILES_FOLDER}/{target.name}"


def _load_balancing(target: Target, managed: CollectorSettings) -> dict[str, Any]:
    """To the second tier, where all spans of a trace go to the same pod. What cannot be sent waits here, where it is
    routed anew once the pods have changed; the exporters below try once and keep nothing."""
    chosen = managed.queue.value
    queue: dict[str, Any] = {"enabled": True, "queue_size": chosen.size or _QUEUE[managed.mode.value]}
    if chosen.persistent:
        queue["storage"] = STORAGE
    off = {"enabled": False}
    return {
        "routing_key": "traceID",
        "protocol": {"otlp": {"tls": {"insecure": True}, "retry_on_failure": off, "sending_queue": off}},
        "resolver": {"dns": {"hostname": target.url, "port": str(PORTS["grpc"])}},
        "retry_on_failure": dict(_RETRY),
        "sending_queue": queue,
    }


def scrape_address(managed: CollectorSettings) -> str:
    """Where a Prometheus fetches metrics. A sidecar listens on all addresses: on Knative it knows none of its own,
    and without a host the port is open in IPv4 and IPv6 alike."""
    return f":{SCRAPE_PORT}" if managed.mode.value == "sidecar" else f"[${{env:MY_POD_IP}}]:{SCRAPE_PORT}"


def _endpoint(target: Target, signals: list[str]) -> dict[str, str]:
    url = _literal(target.url)
    if target.kind == "otlp_grpc":
        parts = urlsplit(target.url)
        port = "" if parts.port else ":443" if parts.scheme == "https" else ":80"
        return {"endpoint": parts.netloc + port}
    if target.verbatim:
        return {f"{signal}_endpoint": url for signal in signals}
    return {"endpoint": url}


def _headers(target: Target, known: Credentials) -> dict[str, Any]:
    if not target.headers:
        return {}
    # gRPC metadata has lower-case names only, and HTTP does not mind.
    return {
        "headers": {
            header.name.lower(): f"${{env:{known.variables[target.name, header.name]}}}" for header in target.headers
        }
    }


def _tls(target: Target, known: Credentials) -> dict[str, Any]:
    if target.url.startswith("http://"):
        return {"tls": {"insecure": True}} if target.kind == "otlp_grpc" else {}
    tls = target.tls
    files = {"ca_file": tls.ca, "cert_file": tls.client_certificate, "key_file": tls.client_key}
    made: dict[str, Any] = {name: known.paths[source] for name, source in files.items() if source is not None}
    if tls.server_name:
        made["server_name_override"] = _literal(tls.server_name)
    return {"tls": made} if made else {}


def _literal(text: str) -> str:
    """A text in which the collector replaces nothing."""
    return text.replace("$", "$$")
