"""Flux's own substitution of variables, over what is rendered: what we generated and injected stays as it was."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from krm_otel import names
from krm_otel.diagnostics.result import has_errors
from krm_otel.run import Source, run
from krm_otel.yamltext.nodes import SourceError
from tests.tools.clients import run as execute
from tests.tools.function import FUNCTION
from tools.build import require

ROOT = Path(__file__).parents[2]
AREAS = ("collector", "inject", "lifecycle", "operator", "sample")  # not: shapes that no cluster takes
CASES = sorted(path.parent for area in AREAS for path in (ROOT / "tests" / "cases" / area).rglob("input.yaml"))
VARIABLES = (
    "cluster=production",
    "env=broken",
    "MY_POD_IP=broken",
    "OAAS_OTEL_NAMESPACE=broken",
    "X=broken",
    "B=broken",
)


def substituted(stream: str) -> list[dict[str, Any]]:
    done = subprocess.run([require("fluxsubst"), *VARIABLES], input=stream, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return list(yaml.safe_load_all(done.stdout))


def ours_in(one: dict[str, Any]) -> Any:
    """All of a generated object; of a workload the variables, containers and volumes that are ours."""
    annotations = one["metadata"].get("annotations") or {}
    if names.A_GENERATED_BY in annotations:
        return one
    found = []
    for container in containers(one):
        if container.get("name") == "otel-collector":
            found.append(container)
        env = container.get("env") or []
        found += [entry for entry in env if entry.get("name", "").startswith(("OTEL_", "OAAS_OTEL_"))]
    return [annotations.get(names.A_RECORD), found]


def containers(node: Any) -> list[dict[str, Any]]:
    if isinstance(node, dict):
        here = [one for key in ("containers", "initContainers") for one in node.get(key) or [] if isinstance(one, dict)]
        return here + [one for member in node.values() for one in containers(member)]
    return [one for member in node for one in containers(member)] if isinstance(node, list) else []


def rendered(case: Path) -> tuple[list[dict[str, Any]], set[str]] | None:
    """The instrumented workloads and generated objects of a case, and the names of workloads that are warned of."""
    outcome = run([Source((case / "input.yaml").read_bytes())], {})
    (text,) = outcome.texts
    if has_errors(outcome.results) or text is None or "generateName" in text:  # which kustomize does not know
        return None
    try:
        documents = list(yaml.safe_load_all(text))
    except (yaml.YAMLError, SourceError):
        return None  # for a bystander that no reader takes
    items = [item for one in documents if isinstance(one, dict) for item in one.get("items") or [one]]
    touched = [
        item
        for item in items
        if isinstance(item, dict)
        and {names.A_RECORD, names.A_GENERATED_BY} & set((item.get("metadata") or {}).get("annotations") or {})
    ]
    warned = {result.ref.name for result in outcome.results if result.code == "flux-substitution"}
    return touched, warned


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}/{case.name}")
def test_what_is_ours_stays_as_it_was(case: Path) -> None:
    found = rendered(case)
    if found is None or not found[0]:
        return
    items, warned = found
    after = substituted("---\n".join(yaml.safe_dump(item, allow_unicode=True) for item in items))
    for before, now in zip(items, after, strict=True):
        if before["metadata"]["name"] not in warned:
            assert ours_in(now) == ours_in(before)


def test_the_warning_is_right() -> None:
    """What is warned of is damaged, and what opts out is not."""
    found = rendered(ROOT / "tests" / "cases" / "inject" / "flux-substitution")
    assert found
    after = {one["metadata"]["name"]: one for one in substituted("---\n".join(map(yaml.safe_dump, found[0])))}
    values = {name: containers(one)[0]["env"][0]["value"] for name, one in after.items()}
    assert values == {"escaped": "$(B)", "theirs": "production $(B) $", "out": "$$(B)"}
    assert found[1] == {"escaped"}


def test_the_example(tmp_path: Path) -> None:
    """What is rendered goes through Flux: the user's variable is replaced, nothing of ours is."""
    folder = tmp_path / "flux"
    shutil.copytree(ROOT / "examples" / "flux", folder)
    execute(["git", "init", "--quiet"], cwd=folder).ok()
    render: list[str | Path] = [FUNCTION, "render", "apps", "-c", "otelconfig.yaml", "-o", "rendered"]
    execute(render, cwd=folder).ok()
    stream = "---\n".join(file.read_text() for file in sorted((folder / "rendered").glob("*.yaml")))
    before, after = list(yaml.safe_load_all(stream)), substituted(stream)
    assert {one["kind"] for one in after} == {"ClassRuntime", "Deployment", "ConfigMap"}
    for old, new in zip(before, after, strict=True):
        if old["kind"] != "ClassRuntime":
            assert ours_in(new) == ours_in(old)
    (deployment,) = [one for one in after if one["kind"] == "Deployment"]
    assert containers(deployment)[0]["env"][0] == {"name": "CLUSTER", "value": "production"}
    env = {"PATH": f"{FUNCTION.parent}:/usr/bin:/bin"}
    assert execute(["./render.sh"], cwd=folder, env=env).code != 0, "what is not committed is noticed"
    execute(["git", "add", "."], cwd=folder).ok()
    identity = ["-c", "user.name=me", "-c", "user.email=me@example.com"]
    commit: list[str | Path] = ["git", *identity, "commit", "--quiet", "-m", "render"]
    execute(commit, cwd=folder).ok()
    execute(["./render.sh"], cwd=folder, env=env).ok()
    (folder / "rendered" / "gone.yaml").write_text("kind: ConfigMap\n")
    execute(["git", "add", "."], cwd=folder).ok()
    execute(commit, cwd=folder).ok()
    assert execute(["./render.sh"], cwd=folder, env=env).code != 0, "what nothing renders any more is noticed"
