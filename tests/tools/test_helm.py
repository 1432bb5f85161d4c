"""krm-otel as a post-renderer of the real Helm 3 and 4, over the example's chart."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.tools.clients import Answer, run
from tests.tools.function import CAT, FUNCTION, UNINJECT, injected, manifests
from tools.build import require

EXAMPLE = Path(__file__).parents[2] / "examples" / "helm"
COMPONENTS = {  # not the router, which has no telemetry
    "Deployment/greeter": ["function"],
    "Deployment/oaas-crm": ["crm"],
    "Deployment/oaas-gateway": ["gateway"],
    "Deployment/oaas-pm": ["pm"],
}
CONFIG = ("-c", "otelconfig.yaml")


@dataclass(frozen=True)
class Helm:
    """One version of Helm, with folders of its own."""

    version: int
    home: Path
    chart: Path

    def __call__(self, *arguments: str, env: Mapping[str, str] | None = None) -> Answer:
        folders = {f"HELM_{kind}_HOME": str(self.home / kind.lower()) for kind in ("DATA", "CONFIG", "CACHE")}
        path = f"{FUNCTION.parent}{os.pathsep}{os.environ['PATH']}"
        tool = require(f"helm{self.version}")
        return run([tool, *arguments], cwd=self.chart, env={**folders, "PATH": path, **(env or {})})

    def template(self, *more: str, env: Mapping[str, str] | None = None) -> Answer:
        return self("template", "oaas", "platform", *more, env=env)

    def through(self, *arguments: str, program: str = "", report: Path | None = None) -> Answer:
        """With the function as post-renderer, or a program that changes nothing."""
        words = arguments if program or self.version == 4 else ("render", "-", *arguments)
        given = [word for argument in words for word in ("--post-renderer-args", argument)]
        env = {"KRM_OTEL_REPORT": str(report)} if report else {}
        return self.template("--post-renderer", program or "krm-otel", *given, env=env)


@pytest.fixture(params=[3, 4])
def helm(request: pytest.FixtureRequest, tmp_path: Path) -> Helm:
    """Helm 4 has the plugin of the example, and one that changes nothing."""
    chart = tmp_path / "helm"
    shutil.copytree(EXAMPLE, chart)
    found = Helm(request.param, tmp_path / "home", chart)
    if found.version == 4:
        found("plugin", "install", "plugin").ok()
        same = tmp_path / "same"
        same.mkdir()
        text = (chart / "plugin" / "plugin.yaml").read_text().replace("name: krm-otel", "name: same")
        command = text.partition("    - command:")[0] + f"    - command: {CAT[0]}\n"
        (same / "plugin.yaml").write_text(command)
        found("plugin", "install", str(same)).ok()
    return found


def plain(helm: Helm) -> list[dict[str, Any]]:
    """What Helm makes of the chart with a post-renderer that changes nothing."""
    program = "same" if helm.version == 4 else str(CAT[0])
    return manifests(helm.through(program=program).ok().stdout)


def by_name(found: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {f"{one['kind']}/{one['metadata']['name']}": one for one in found}


def test_the_platforms_components_and_the_class_are_instrumented(helm: Helm) -> None:
    """Nothing else changes; a second run over the output changes nothing; uninject gives what Helm alone makes."""
    rendered = helm.through(*CONFIG).ok().stdout
    found = manifests(rendered)
    assert {name: containers for name, containers in injected(found).items() if containers} == COMPONENTS
    assert by_name(found).keys() - by_name(plain(helm)).keys() == {
        "ConfigMap/greeter-otel-config",
        "ConfigMap/oaas-platform-otel-config",
    }
    again = run([FUNCTION, "render", "-", "-c", helm.chart / "otelconfig.yaml"], stdin=rendered).ok()
    assert again.stdout == rendered
    assert by_name(manifests(run(UNINJECT, stdin=rendered).ok().stdout)) == by_name(plain(helm))


def test_services_are_called_as_the_components_are(helm: Helm) -> None:
    found = by_name(manifests(helm.through(*CONFIG).ok().stdout))
    names = {}
    for workload, (container,) in COMPONENTS.items():
        env = found[workload]["spec"]["template"]["spec"]["containers"][0]["env"]
        names[container] = next(entry["value"] for entry in env if entry["name"] == "OTEL_SERVICE_NAME")
    assert names == {
        "function": "greeter-function",
        "crm": "oprc-crm",
        "gateway": "oprc-gateway",
        "pm": "oprc-pm",
    }


def test_hooks_are_left_alone_and_the_report_says_so(helm: Helm, tmp_path: Path) -> None:
    """Helm 3 shows no hooks to a post-renderer, Helm 4 does; neither shows what a post-renderer says."""
    report = tmp_path / "report.json"
    answer = helm.through(*CONFIG, report=report).ok()
    assert "hook" not in answer.stderr
    assert not injected(manifests(answer.stdout))["Job/greeter-prepare"]
    data = json.loads(report.read_text())
    codes = [result["tags"]["code"] for result in data["results"] if result["severity"] == "warning"]
    assert codes == (["hook-without-sidecar"] if helm.version == 4 else [])
    done = {f"{action['kind']}/{action['name']}": action["action"] for action in data["actions"]}
    assert {name for name, action in done.items() if action == "injected"} == COMPONENTS.keys()


def test_helm_4_gets_its_annotation_back(helm: Helm) -> None:
    """It puts the file into every document and takes it out again: none is left, and documents are where they were."""
    text = helm.through(*CONFIG).ok().stdout
    assert b"postrender-filename" not in text
    assert text.count(b"# Source: platform/templates/router.yaml") == 1


def test_an_error_fails_helm_and_the_report_has_the_reason(helm: Helm, tmp_path: Path) -> None:
    config = helm.chart / "otelconfig.yaml"
    config.write_text(config.read_text().replace("propagators: [w3c]", "propagators: [w4c]"))
    report = tmp_path / "report.json"
    answer = helm.through(*CONFIG, report=report)
    assert answer.code != 0
    assert answer.stdout == b""
    (result,) = [one for one in json.loads(report.read_text())["results"] if one["severity"] == "error"]
    assert result["field"] == {"path": "spec.telemetry.propagators[0]", "currentValue": "w4c", "proposedValue": "w3c"}


def test_helm_3_takes_the_program_alone(helm: Helm) -> None:
    """Settings come from the environment then; the class is instrumented, the platform is not named."""
    if helm.version != 3:
        return
    answer = helm.template(
        "--post-renderer", "krm-otel", env={"OPRC_CRM_OTEL_ENDPOINT": "http://otel:4317", "OPRC_CRM_OTEL_LOGS": "true"}
    )
    found = injected(manifests(answer.ok().stdout))
    assert {name for name, containers in found.items() if containers} == {"Deployment/greeter"}
