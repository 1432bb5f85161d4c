"""TLS between an application, a collector and its second tier: real processes, with certificates made here.

Everything runs as it is rendered, on the ports in the configs. Only the folders of the certificates are others, and the
names of Services resolve to addresses of this machine.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.kubelet import POD_FIELDS, environment
from tests.support.otelcol import received, wait_until_healthy
from tests.tools import application
from tests.tools.function import FUNCTION
from tests.tools.names import with_hosts
from tools.build import require

MANIFESTS = """
apiVersion: fn.oaas.io/v1alpha1
kind: OTelConfig
metadata: {name: otel}
spec:
  telemetry: {propagators: [w3c], metrics: false, sampling_rate: 1.0}
  collector:
    mode: deployment
    exporters: {traces: debug}
    receiver_tls:
      secret: collector
      ca: {config_map: ca}
      client: {secret: client}
    batch: {timeout: 200ms}
    tail_sampling: {decision_wait: 1h}
    gateway:
      config:
        exporters: {file: {path: "${env:SPANS:-unset}"}}
        service: {pipelines: {traces: {exporters: [file]}}}
---
apiVersion: oaas.io/v1alpha1
kind: ClassRuntime
metadata: {name: shop}
spec: {observability: {enabled: true}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec: {template: {spec: {containers: [{name: function, image: acme/shop}]}}}
"""
TIERS = {
    "first": ("shop-otel-collector", "shop-otel-config"),
    "second": ("shop-otel-gateway", "shop-otel-gateway-config"),
}


def address(number: int) -> str:
    """One of this machine's, and of no other worker's."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    return f"127.9.{worker}.{number}"


ADDRESSES = {"first": address(1), "second": address(2)}


class World:
    """What was rendered, and the files of the Secrets and ConfigMaps that it names."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        certificates(folder)
        done = subprocess.run([FUNCTION], input=MANIFESTS.encode(), capture_output=True, check=True)
        self.objects = {f"{one['kind']}/{one['metadata']['name']}": one for one in yaml.safe_load_all(done.stdout)}
        self.hosts = folder / "hosts"
        names = (f"{ADDRESSES[tier]} {name}\n" for tier, (name, _) in TIERS.items())
        self.hosts.write_text("".join(names), encoding="utf-8")

    def pod(self, deployment: str) -> dict[str, Any]:
        spec: dict[str, Any] = self.objects[f"Deployment/{deployment}"]["spec"]["template"]["spec"]
        return spec

    def at_home(self, deployment: str, text: str) -> str:
        """A text in which the mounted folders are those of this test."""
        pod = self.pod(deployment)
        sources = {
            volume["name"]: volume.get("secret", {}).get("secretName") or volume.get("configMap", {}).get("name")
            for volume in pod["volumes"]
        }
        for mount in sorted(pod["containers"][0]["volumeMounts"], key=lambda mount: -len(mount["mountPath"])):
            text = text.replace(mount["mountPath"] + "/", f"{self.folder / sources[mount['name']]}/")
        return text

    def environment(self, deployment: str, ip: str = "") -> dict[str, str]:
        (container,) = self.pod(deployment)["containers"]
        found = environment(container, {**POD_FIELDS, "status.podIP": ip}, {})
        return {name: self.at_home(deployment, value) for name, value in found.items()}


def certificates(folder: Path) -> None:
    """A CA, the collector's certificate for both Services, a client's, and one of a client that nobody knows."""
    for name in ("ca", "collector", "client", "stranger"):
        (folder / name).mkdir()
    names = ",".join(f"DNS:{service}" for service, _ in TIERS.values())

    def openssl(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=folder, capture_output=True, check=True)

    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-x509", "-days", "2")
    openssl("req", *curve, "-subj", "/CN=ca", "-keyout", "ca/ca.key", "-out", "ca/ca.crt")
    openssl("req", *curve, "-subj", "/CN=x", "-keyout", "stranger/tls.key", "-out", "stranger/tls.crt")
    signed = ("-CA", "ca/ca.crt", "-CAkey", "ca/ca.key", "-addext", "basicConstraints=critical,CA:FALSE")
    for name, extensions in (("collector", ("-addext", f"subjectAltName={names}")), ("client", ())):
        files = ("-keyout", f"{name}/tls.key", "-out", f"{name}/tls.crt")
        openssl("req", *curve, *signed, "-subj", f"/CN={name}", *extensions, *files)


@contextmanager
def collector(world: World, tier: str) -> Iterator[Path]:
    """A collector of a tier; the file has what it exported, once it has stopped."""
    name, config_map = TIERS[tier]
    config, log, spans = (world.folder / f"{tier}.{kind}" for kind in ("yaml", "log", "jsonl"))
    text = world.objects[f"ConfigMap/{config_map}"]["data"]["collector.yaml"]
    config.write_text(world.at_home(name, text), encoding="utf-8")
    env = {"PATH": os.environ["PATH"], **world.environment(name, ADDRESSES[tier]), "SPANS": str(spans)}
    command = with_hosts(world.hosts, [str(require("otelcol")), f"--config={config}"])
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=env, stdout=output, stderr=output)
        try:
            wait_until_healthy(process, f"http://{ADDRESSES[tier]}:13133", log)
            yield spans
        finally:
            process.terminate()
            code = process.wait(60)
    assert code == 0, log.read_text()


NOBODY = {"OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE": "", "OTEL_EXPORTER_OTLP_CLIENT_KEY": ""}
STRANGER = dict(zip(NOBODY, ("stranger/tls.crt", "stranger/tls.key"), strict=True))


@pytest.mark.parametrize(
    ("changed", "arrives"),
    [
        ({}, True),
        (NOBODY, False),
        (STRANGER, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://shop-otel-collector:4317"}, False),
    ],
    ids=["as rendered", "without a client certificate", "with a stranger's certificate", "without TLS"],
)
def test_only_those_with_a_certificate_may_send(tmp_path: Path, changed: dict[str, str], arrives: bool) -> None:
    """Spans pass both tiers with the certificates that were rendered, and the first refuses everybody else."""
    world = World(tmp_path)
    files = {name: str(tmp_path / value) for name, value in changed.items() if value.startswith("stranger")}
    env = {**world.environment("shop"), **changed, **files, "OTEL_EXPORTER_OTLP_TIMEOUT": "5"}
    env = {name: value for name, value in env.items() if value} | {"PATH": os.environ["PATH"]}
    command = with_hosts(world.hosts, [sys.executable, application.__file__, "3"])
    with collector(world, "second") as spans, collector(world, "first"):
        subprocess.run(command, env=env, capture_output=True, check=True, timeout=120)
    names = [span["name"] for span in received(spans.read_text() if spans.exists() else "").spans()]
    assert sorted(names) == (["outgoing", *["request"] * 3] if arrives else [])
