"""Every generated config is accepted by the real collector, which starts on it, says healthy and stops cleanly.

The configs are read from the ConfigMaps, and the environment is that of the containers. To start them on this machine,
ports become free ones and mounted files those of `data/tls`; nothing else is changed.
"""

from __future__ import annotations

import copy
import os
import re
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from krm_otel.collector.addresses import HEALTH_PORT
from krm_otel.collector.config.build import QUEUE_FOLDER
from krm_otel.collector.config.checks import check_config
from krm_otel.collector.config.exporters import FILES_FOLDER
from krm_otel.collector.reading.listening import listening
from krm_otel.config.settings import OaasClass, Settings
from krm_otel.names import MOUNT_ROOT
from tests.support.collector import class_and_settings
from tests.support.otelcol import wait_until_healthy
from tests.tools.matrix import CHOICES, Case, covered, pairs, rows
from tests.tools.ports import FREE
from tests.tools.rendered import SECRET, config_of, container_of, environment, everything, tiers

CHUNKS = 16
TLS = Path(__file__).parent / "data" / "tls"
NO_API_SERVER = {"KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": "9"}
"""In a cluster the kubelet tells where it is; `tests/cluster` has a real one."""
LOUD = re.compile(r'\t(warn|error)\t|"level":"(warn|error)"')
"""gRPC's own lines aside, which tell that nobody listens where the exporters send."""


def chunk(number: int) -> list[tuple[Case, OaasClass, Settings]]:
    """Each collector of each case; a gateway is one more."""
    return [
        (replace(case, name=f"{case.name}-tier-{tier}"), oaas_class, own)
        for case, oaas_class, settings in everything()[number::CHUNKS]
        for tier, own in enumerate(tiers(oaas_class, settings), 1)
    ]


def test_the_matrix_has_every_pair_of_choices_and_every_backend_in_each_mode() -> None:
    found = rows()
    assert len(found) >= 300
    assert pairs() <= set().union(*map(covered, found))
    assert {(row["mode"], row["backend"]) for row in found} == {
        (mode, backend) for mode in CHOICES["mode"] for backend in CHOICES["backend"]
    }


def test_the_same_matrix_every_time() -> None:
    assert rows() == rows()


# --- the collector ---


@pytest.mark.parametrize("number", range(CHUNKS))
def test_the_collector_accepts_every_config(number: int, otelcol: Path, tmp_path: Path) -> None:
    def check(case: Case, oaas_class: OaasClass, settings: Settings) -> None:
        assert list(check_config(oaas_class, settings)) == []
        text = config_of(oaas_class, settings)
        assert SECRET not in text
        file = tmp_path / f"{case.name}.yaml"
        file.write_text(with_folders(text, tmp_path / case.name), encoding="utf-8")
        command = [str(otelcol), "validate", f"--config={file}"]
        env = environment(container_of(oaas_class, settings))
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=60)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), f"{case}\n{text}"

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda given: check(*given), chunk(number)))


@pytest.mark.parametrize("number", range(CHUNKS))
def test_the_collector_starts_says_healthy_and_stops(number: int, otelcol: Path, tmp_path: Path) -> None:
    def run(case: Case, oaas_class: OaasClass, settings: Settings) -> None:
        made, health = on_this_machine(oaas_class, settings, tmp_path / case.name)
        file, log = tmp_path / f"{case.name}.yaml", tmp_path / f"{case.name}.log"
        file.write_text(made, encoding="utf-8")
        env = environment(container_of(oaas_class, settings)) | NO_API_SERVER
        run_and_stop([str(otelcol), f"--config={file}"], env, f"http://127.0.0.1:{health}", log)
        said = log.read_text()
        # A name or setting that goes away some day would be told here.
        assert [line for line in said.splitlines() if LOUD.search(line) and "grpc_log" not in line] == [], case

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda given: run(*given), chunk(number)))


def with_folders(text: str, queue: Path) -> str:
    """The config with folders of this machine for those that are mounted."""
    queue.mkdir()
    Path(f"{queue}-files", "chosen").mkdir(parents=True)  # where the only backend is that can be files
    assert f"{QUEUE_FOLDER}-files" == FILES_FOLDER
    return text.replace(MOUNT_ROOT, str(TLS)).replace(QUEUE_FOLDER, str(queue))


def on_this_machine(oaas_class: OaasClass, settings: Settings, queue: Path) -> tuple[str, int]:
    """The config with free ports for those that it listens on, and the port of the health check."""
    managed = settings.collector
    assert managed is not None
    made = copy.deepcopy(yaml.safe_load(config_of(oaas_class, settings)))
    found = listening(made)
    named = {**{f"otlp-{name}": at for name, at in found.otlp.items()}, "metrics": found.own_metrics}
    named["prometheus"] = next(iter(found.scraped), None)
    numbers = {**{name: at.address.port for name, at in named.items() if at}, "health": HEALTH_PORT}
    free = {name: next(FREE) for name in numbers}

    def move(at: dict[str, Any], name: str) -> None:
        assert at["endpoint"].endswith(f":{numbers[name]}")
        at["endpoint"] = at["endpoint"].removesuffix(str(numbers[name])) + str(free[name])

    for protocol, at in made["receivers"]["otlp"]["protocols"].items():
        move(at, f"otlp-{protocol}")
    move(made["extensions"]["health_check"], "health")
    reader = made["service"]["telemetry"]["metrics"]["readers"][0]["pull"]["exporter"]["prometheus"]
    assert reader["port"] == numbers["metrics"]
    reader["port"] = free["metrics"]
    for name, exporter in made["exporters"].items():
        if name.partition("/")[0] == "prometheus":
            move(exporter, "prometheus")
        if name == "load_balancing":
            exporter["resolver"]["dns"]["hostname"] = "localhost"  # there is no Service to ask for here
    if "k8s_attributes" in made["processors"]:
        made["processors"]["k8s_attributes"]["auth_type"] = "none"  # there is no API server to ask here
    return with_folders(yaml.safe_dump(made, sort_keys=False), queue), free["health"]


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", None])
@pytest.mark.parametrize("mode", ["sidecar", "deployment"])
def test_it_binds_in_ipv4_and_ipv6_and_a_sidecar_without_any_address(
    mode: str, address: str | None, otelcol: Path, tmp_path: Path
) -> None:
    """No address is what a sidecar on Knative has: its config is the same."""
    if mode == "deployment" and address is None:
        return
    oaas_class, settings = class_and_settings(f"collector: {{mode: {mode}, exporters: {{metrics: prometheus-scrape}}}}")
    made, health = on_this_machine(oaas_class, settings, tmp_path / "queue")
    file, log = tmp_path / "collector.yaml", tmp_path / "log"
    file.write_text(made, encoding="utf-8")
    env = {"PATH": os.environ["PATH"], **({"MY_POD_IP": address} if address else {})}
    host = f"[{address}]" if address == "::1" else "127.0.0.1"
    run_and_stop([str(otelcol), f"--config={file}"], env, f"http://{host}:{health}", log)


def run_and_stop(command: list[str], env: dict[str, str], health: str, log: Path) -> None:
    """Starts a collector, waits until it says that it is healthy, and stops it as the kubelet does."""
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=env, stdout=output, stderr=output)
        try:
            wait_until_healthy(process, health, log)
            # It listens to signals only after it has said that it is healthy, in its very last step.
            while b"Everything is ready" not in log.read_bytes() and process.poll() is None:
                time.sleep(0.01)
            time.sleep(0.05)
        finally:
            process.terminate()
            code = process.wait(30)
    assert code == 0, log.read_text()
