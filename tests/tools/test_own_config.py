"""What users merge into a collector's config, tried with the real collector: what krm-otel accepts starts, answers
where the manifests ask, and listens on their ports; what it refuses does not start, or cannot be reached.

127.0.0.1 is the loopback of the pod, and 127.0.0.2 its address: nothing that is bound to one answers at the other.
"""

from __future__ import annotations

import copy
import socket
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from krm_otel.collector.config.build import build_config
from krm_otel.collector.endpoint import collector_endpoint
from krm_otel.collector.manifests import assets
from krm_otel.collector.manifests.sidecar import sidecar
from krm_otel.collector.reading.listening import listening
from krm_otel.collector.tiers import tiers
from krm_otel.config.settings import OaasClass, Settings
from tests.support.own_config import ERRORS, OWN_CONFIGS, Own, faults, settings_with
from tests.tools.ports import FREE
from tests.tools.rendered import container_of, environment

LOOPBACK, POD = "127.0.0.1", "127.0.0.2"
PATIENCE = 20.0  # seconds until a collector that is not ready is given up
READY = b"Everything is ready"
TABLE = [pytest.param(own, mode, id=f"{own.name}, {mode}") for own in OWN_CONFIGS for mode in own.modes]


@pytest.mark.parametrize(("own", "mode"), TABLE)
def test_krm_otel_and_the_collector_agree(own: Own, mode: str, otelcol: Path, tmp_path: Path) -> None:
    found = settings_with(own, mode)
    refused = [result for result in faults(own, mode) if result.severity == "error"]
    config, free = with_free_ports(build_config(tiers(*found)[0]))
    file, log = tmp_path / "collector.yaml", tmp_path / "log"
    file.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    env = environment(container_of(*found)) | {"MY_POD_IP": POD}
    with log.open("wb") as output:
        process = subprocess.Popen([otelcol, f"--config={file}"], env=env, stdout=output, stderr=output)
        try:
            wrong = list(differences(process, log, found, free))
        finally:
            process.terminate()
            process.wait(PATIENCE)
    if not refused:
        assert wrong == [], log.read_text()
    elif {result.code for result in refused} <= set(ERRORS):
        assert wrong, f"nothing is wrong with it: {[result.message for result in refused]}"


def with_free_ports(config: dict[str, Any]) -> tuple[dict[str, Any], dict[int, int]]:
    """The config with free ports for those that it listens on, and the free port for each of them."""
    config = copy.deepcopy(config)
    free: dict[int, int] = {}
    for listener in listening(config).all:
        if (port := listener.address.port) is None:
            continue
        free.setdefault(port, next(FREE))
        *path, last = listener.steps
        at: Any = config
        for step in path:
            if isinstance(step, str) and at.get(step) is None:
                at[step] = {}
            at = at[step]
        written = str(at.get(last, listener.address.text))
        at[last] = free[port] if isinstance(at.get(last), int) else written.removesuffix(str(port)) + str(free[port])
    return config, free


def differences(
    process: subprocess.Popen[bytes], log: Path, found: tuple[OaasClass, Settings], free: dict[int, int]
) -> Iterator[str]:
    """How the collector differs from what the manifests say."""
    deadline = time.monotonic() + PATIENCE
    while READY not in log.read_bytes() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)  # between two looks; what is waited for is the line
    if process.poll() is not None:
        yield f"it ended with {process.returncode}"
        return
    config = listening(build_config(tiers(*found)[0]))
    expected = {free[listener.address.port] for listener in config.all if listener.address.port in free}
    if (opened := ports_of(process.pid)) != expected:
        yield f"it listens on {opened}, not {expected}"
    yield from probes_without_answer(found, free)
    yield from closed_ports(found, free)
    managed = found[1].collector
    assert managed is not None
    host = LOOPBACK if managed.placement.in_class_pods else POD
    for listener in (*config.otlp.values(), *config.receivers):
        if (port := listener.address.port) is not None:
            yield from closed(host, port, free, "senders")
    if "http" in config.otlp:
        for signal in managed.exporters:
            yield from refused_signal(f"http://{host}:{free[config.otlp['http'].address.port or 0]}/v1/{signal}")


def refused_signal(url: str) -> Iterator[str]:
    """What an SDK would be told that sends nothing at all."""
    request = urllib.request.Request(url, b"{}", {"Content-Type": "application/json"})
    try:
        urllib.request.urlopen(request, timeout=2).close()
    except OSError as error:
        yield f"SDKs get {error} from {url}"


def probes_without_answer(found: tuple[OaasClass, Settings], free: dict[int, int]) -> Iterator[str]:
    container = container_of(*found)
    for kind in ("startupProbe", "livenessProbe", "readinessProbe"):
        if kind not in container:
            if kind == "startupProbe":
                yield "there is nothing that a probe could ask"
            continue
        get = container[kind]["httpGet"]
        url = f"{get.get('scheme', 'HTTP').lower()}://{POD}:{free.get(get['port'], get['port'])}{get['path']}"
        try:
            urllib.request.urlopen(url, timeout=2, context=ssl._create_unverified_context()).close()
        except (OSError, ValueError, urllib.error.URLError) as error:
            yield f"{kind} gets {error} from {url}"


def closed_ports(found: tuple[OaasClass, Settings], free: dict[int, int]) -> Iterator[str]:
    """Ports at which senders, scrapers and policies expect the collector, and where nobody answers."""
    endpoint = collector_endpoint(*found)
    in_pod = found[1].collector is not None and found[1].collector.placement.in_class_pods
    if endpoint is not None and in_pod:
        yield from closed(LOOPBACK, int(endpoint.value.url.rpartition(":")[2]), free, "SDKs")
        for port in (entry["containerPort"] for entry in sidecar(*found, knative=False).container.get("ports", ())):
            yield from closed(POD, port, free, "the sidecar's ports")
        return
    objects = {asset.data["kind"]: asset.data for asset in assets(*found)}
    service, policy = objects["Service"]["spec"]["ports"], objects["NetworkPolicy"]["spec"]["ingress"]
    named = {entry["name"]: entry["containerPort"] for entry in container_of(*found)["ports"]}
    allowed = {entry["port"] for rule in policy for entry in rule["ports"]}
    for entry in service:
        number = named[entry["targetPort"]]
        yield from closed(POD, number, free, f"the Service's {entry['name']}")
        if number not in allowed and entry["name"] not in ("metrics", "prometheus"):
            yield f"the policy lets nobody in at {number}"
    numbers = {int(endpoint.value.url.rpartition(":")[2])} if endpoint else set()
    if "DaemonSet" in objects:
        numbers = {4317, 4318}  # what other packages know
    for number in numbers - {entry["port"] for entry in service}:
        yield f"the Service has no port {number}, to which SDKs send"


def closed(host: str, port: int, free: dict[int, int], who: str) -> Iterator[str]:
    try:
        socket.create_connection((host, free.get(port, port)), timeout=2).close()
    except OSError as error:
        yield f"{who} get {error} at {host}:{port}"


def ports_of(pid: int) -> set[int]:
    """The TCP ports that a process listens on (proc(5))."""
    inodes = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        target = str(link.readlink())
        if target.startswith("socket:["):
            inodes.add(target[8:-1])
    found = set()
    for name in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{name}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and fields[9] in inodes:
                found.add(int(fields[1].rpartition(":")[2], 16))
    return found
