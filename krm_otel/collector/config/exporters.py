"""Targets → the exporters of a collector's config.

Facts behind it (collector v0.158.0): `otlp_http` adds `/v1/<signal>` to `endpoint` and uses `<signal>_endpoint` as it
is; an `otlp_grpc` endpoint needs a port, and `http://` in it would not switch TLS off; `prometheus` *listens* on its
endpoint; `prometheus_remote_write` has a queue of its own kind; `prometheus`, `file` and `debug` send nothing, so they
need neither queue nor retries.
"""

from __future__ import annotations

import re
from typing import Any, Final

from krm_otel.collector.addresses import SCRAPE_PORT
from krm_otel.collector.config.credentials import Credentials, credentials
from krm_otel.collector.config.environment import NODE_IP_VARIABLE, literal
from krm_otel.config.settings import CollectorSettings, Target
from krm_otel.config.types.endpoint import host_variable, is_node_address
from krm_otel.otlp import PORTS, url_parts

FILES_FOLDER: Final = "/var/lib/oaas-otel-files"
STORAGE: Final = "file_storage"
"""The extension that keeps queues in files."""
_RETRY: Final = {"enabled": True, "initial_interval": "5s", "max_interval": "30s", "max_elapsed_time": "300s"}


def exporters(collector: CollectorSettings) -> dict[str, Any]:
    """The exporters of a collector, by id."""
    available = credentials(collector)
    return {name: _exporter(target, collector, available) for target, name in exporter_ids(collector).items()}


def exporter_ids(collector: CollectorSettings) -> dict[Target, str]:
    """Target → the exporter's id. One target is one exporter, whatever signals go to it.

    An endpoint without a name gets the names of its signals: `otlp_grpc/traces-metrics`.
    """
    ids: dict[Target, str] = {}
    for target in (sourced.value for targets in collector.exporters.values() for sourced in targets):
        if target in ids:
            continue
        name = target.name or "-".join(_signals(target, collector))
        preferred = target.kind if name == target.kind else f"{target.kind}/{name}"
        unique, number = preferred, 1
        while unique in ids.values():
            number += 1
            unique = f"{preferred}-{number}"
        ids[target] = unique
    return ids


def _signals(target: Target, collector: CollectorSettings) -> list[str]:
    """The signals that go to a target."""
    return [
        signal for signal, targets in collector.exporters.items() if target in (sourced.value for sourced in targets)
    ]


def _exporter(target: Target, collector: CollectorSettings, available: Credentials) -> dict[str, Any]:
    """The config of one exporter; `available` are those of the collector."""
    if target.kind == "debug":
        return {"verbosity": "basic"}
    if target.kind == "prometheus":
        # The older format has no exemplars, which lead to traces.
        return {"endpoint": f"{collector.placement.scrape_host}:{SCRAPE_PORT}", "enable_open_metrics": True}
    if target.kind == "file":
        rotation = {"max_megabytes": target.files.max_megabytes, "max_backups": target.files.max_backups}
        return {"path": f"{file_folder(target)}/otlp.jsonl", "rotation": rotation}
    options = collector.queue.value
    queue: dict[str, Any] = {"enabled": True, "queue_size": options.size or collector.placement.queue_size}
    storage = {"storage": STORAGE} if options.persistent else {}
    if target.kind == "prometheus_remote_write":
        delivery = {"retry_on_failure": _RETRY, "remote_write_queue": queue}  # it cannot be kept in files
    else:
        delivery = {"retry_on_failure": _RETRY, "sending_queue": {**queue, **storage}}
    if target.kind == "load_balancing":
        return {**_load_balancing(target, available), **delivery}
    endpoint = _endpoint(target, collector)
    return {**endpoint, **_headers(target, available), **_tls(target, available), **delivery}


def file_folder(target: Target) -> str:
    """The folder of a backend that is files."""
    return f"{FILES_FOLDER}/{target.name}"


def _load_balancing(target: Target, available: Credentials) -> dict[str, Any]:
    """Sends to the second tier, all spans of a trace to the same pod.

    Batches that cannot be sent wait in this exporter, which routes them anew when the pods have changed. So the
    exporters below it try once and keep nothing.
    """
    off = {"enabled": False}
    tls = _tls_files(target, available) or {"insecure": True}
    return {
        "routing_key": "traceID",
        "protocol": {"otlp": {"tls": tls, "retry_on_failure": off, "sending_queue": off}},
        "resolver": {"dns": {"hostname": target.url, "port": str(PORTS["grpc"])}},
    }


def _endpoint(target: Target, collector: CollectorSettings) -> dict[str, str]:
    if target.kind == "otlp_grpc":
        return {"endpoint": _with_variable(target.url, url_parts(target.url).netloc, collector)}
    keys = [f"{signal}_endpoint" for signal in _signals(target, collector)] if target.verbatim else ["endpoint"]
    return dict.fromkeys(keys, _with_variable(target.url, literal(target.url), collector))


def _with_variable(url: str, text: str, collector: CollectorSettings) -> str:
    """A text of the config in which the variable that is the URL's host is the collector's own."""
    name = host_variable(url)
    if name is None:
        return text
    own = NODE_IP_VARIABLE if is_node_address(name) and name not in collector.env else name
    return re.sub(r"\$+\(\w+\)", f"${{env:{own}}}", text, count=1)


def _headers(target: Target, available: Credentials) -> dict[str, Any]:
    # gRPC metadata has lower-case names only; HTTP ignores case.
    headers = {
        header.name.lower(): literal(header.value)
        if header.value
        else f"${{env:{available.variables[target.name, header.name]}}}"
        for header in target.headers
    }
    return {"headers": headers} if headers else {}


def _tls(target: Target, available: Credentials) -> dict[str, Any]:
    if target.url.startswith("http://"):
        return {"tls": {"insecure": True}} if target.kind == "otlp_grpc" else {}
    config = _tls_files(target, available)
    return {"tls": config} if config else {}


def _tls_files(target: Target, available: Credentials) -> dict[str, Any]:
    tls = target.tls
    files = {"ca_file": tls.ca, "cert_file": tls.client_certificate, "key_file": tls.client_key}
    config: dict[str, Any] = {name: available.paths[source] for name, source in files.items() if source is not None}
    if tls.server_name:
        config["server_name_override"] = literal(tls.server_name)
    return config
