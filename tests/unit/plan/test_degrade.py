"""`on_error: degrade`: a workload that keeps its injection can go on with it, whatever its class says by now."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from krm_otel.run import Outcome, Source, run

CONFIG = """\
apiVersion: fn.oaas.io/v1alpha1
kind: OTelConfig
metadata: {name: otel}
spec:
  on_error: degrade
  telemetry: {propagators: [w3c]}
"""
CLASS = """\
apiVersion: oaas.io/v1alpha1
kind: ClassRuntime
metadata: {name: one}
spec: {observability: {enabled: true, collector: {MODE, exporters: {traces: TO, metrics: debug}}}}
"""
WORKLOAD = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: NAME
  labels: {oaas.io/owner: one}
spec:
  template:
    spec:
      containers:
      - name: function
        image: acme/one:1
"""
EXTERNAL = "mode: external, endpoint: 'http://otel:4317'"


def package(mode: str, *workloads: str, to: str = "debug", config: str = CONFIG) -> str:
    whole = CLASS.replace("MODE", mode).replace("TO", to)
    if "endpoint" in mode:
        whole = whole.replace(", exporters: {traces: debug, metrics: debug}", "")
    return "---\n".join([config, whole, *workloads])


def function(text: str) -> tuple[str, Outcome]:
    outcome = run([Source(text.encode())], {})
    (made,) = outcome.texts
    assert made is not None and outcome.exit_code == 0, outcome.results
    assert run([Source(made.encode())], {}).texts == (made,), "running again changes nothing"
    return made, outcome


def by_name(text: str) -> dict[tuple[str, str], Any]:
    return {(one["kind"], one["metadata"]["name"]): one for one in yaml.safe_load_all(text) if one}


def broken(text: str) -> str:
    """The first workload has a container more, which cannot be instrumented."""
    more = "      containers:\n      - name: other\n        env: wrong\n"
    return text.replace("      containers:\n", more, 1)


def in_mode(text: str, old: str, new: str, to: str = "debug") -> str:
    before, after = package(old).split("---\n")[1], package(new, to=to).split("---\n")[1]
    assert before in text
    return text.replace(before, after)


MODES = ("mode: sidecar", "mode: deployment", EXTERNAL)
WORKLOADS = (WORKLOAD.replace("NAME", "one"), WORKLOAD.replace("NAME", "other"))


@pytest.mark.parametrize("flavor", ["native", "operator"])
@pytest.mark.parametrize("new", MODES)
@pytest.mark.parametrize("old", MODES)
def test_a_workload_with_errors_keeps_its_injection(old: str, new: str, flavor: str) -> None:
    config = f"{CONFIG}  flavor: {flavor}\n"
    was, _ = function(package(old, *WORKLOADS, config=config))
    changed = broken(in_mode(was, old, new))
    made, outcome = function(changed)
    before, after = by_name(changed), by_name(made)
    assert after["Deployment", "one"] == before["Deployment", "one"]
    assert outcome.results and any(one.code == "env-malformed" for one in outcome.results), "what is wrong is said"
    held = [one for one in outcome.results if one.code == "class-held-back"]
    # Without a collector there is no config; but the Operator's objects tell pods where to send.
    if old != new and (flavor == "operator" or EXTERNAL not in (old, new)):
        assert after == before, "what the workload needs would be something else, so the whole class stays"
        assert held
    else:
        assert before.keys() <= after.keys(), "what the workload needs is there"
        shared = [key for key in before if key[0] in ("ConfigMap", "OpenTelemetryCollector", "Instrumentation")]
        assert all(after[key] == before[key] for key in shared)
        assert not held
    # Mended, all is as a fresh render gives it.
    mended, _ = function(made.replace("      - name: other\n        env: wrong\n", ""))
    wanted, _ = function(package(new, *WORKLOADS, config=config))
    assert by_name(mended) == by_name(wanted)


def test_behind_a_service_another_backend_reaches_all() -> None:
    """The kept workload sends to the same address as before: its class need not wait."""
    was, _ = function(package("mode: deployment", *WORKLOADS))
    made, outcome = function(broken(in_mode(was, "mode: deployment", "mode: deployment", "'http://tempo:4317'")))
    assert "tempo:4317" in by_name(made)["ConfigMap", "one-otel-config"]["data"]["collector.yaml"]
    assert not [one for one in outcome.results if one.code == "class-held-back"]


def test_the_config_of_a_kept_sidecar_does_not_change() -> None:
    """Its pods do not roll, so that it would read at any time what fits others, with variables that it lacks."""
    was, _ = function(package("mode: sidecar", *WORKLOADS))
    changed = broken(in_mode(was, "mode: sidecar", "mode: sidecar", "'http://tempo:4317'"))
    made, outcome = function(changed)
    assert by_name(made) == by_name(changed)
    (said,) = [one for one in outcome.results if one.code == "class-held-back"]
    assert "Deployment one" in said.message and "ConfigMap one-otel-config" in said.message


def test_a_workload_without_injection_does_not_hold_its_class_back() -> None:
    was, _ = function(package("mode: deployment", *WORKLOADS))
    source = package("mode: sidecar", *WORKLOADS)
    made, outcome = function(in_mode(was, "mode: deployment", "mode: sidecar"))
    assert by_name(made) == by_name(function(source)[0])
    fresh, outcome = function(broken(source))
    assert [change.action for change in outcome.changes if change.ref.name == "one"] == ["skipped"]
    assert "initContainers" in by_name(fresh)["Deployment", "other"]["spec"]["template"]["spec"]
