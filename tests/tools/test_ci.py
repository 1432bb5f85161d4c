"""The GitHub Action and the GitLab component: their scripts in bash, as the runners start them, and their schemas.

Of the services themselves there are stand-ins: the files and variables of a runner, and a `gh` that keeps comments.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

import krm_otel
from tests.support.manifests import CLASS_AND_WORKLOAD
from tests.tools.clients import Answer, run, write_script
from tests.tools.function import FUNCTION
from tests.tools.repository import checkout

ROOT = Path(__file__).parents[2]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
COMPONENT = ROOT / "templates" / "krm-otel.yml"
PYTHON = str(Path(sys.executable).parent)
BROKEN = CLASS_AND_WORKLOAD.replace(b"enabled: true", b"enabled: maybe")

GH = """
import json, pathlib, sys
file = pathlib.Path(__file__).with_name("comments.json")
comments = json.loads(file.read_text()) if file.exists() else {}
words = sys.argv[1:]
if "--jq" in words:
    assert words[words.index("--jq") + 1] == '.[] | select(.body | startswith("<!-- krm-otel -->")) | .id'
    print("\\n".join(key for key, body in comments.items() if body.startswith("<!-- krm-otel -->")))
else:
    name, _, path = words[words.index("-F") + 1].partition("=@")
    assert name == "body"
    method, target = words[words.index("--method") + 1 :][:2]
    key = target.rpartition("/")[2] if method == "PATCH" else str(len(comments) + 1)
    comments[key] = pathlib.Path(path).read_text()
    file.write_text(json.dumps(comments))
"""


def bash(script: str, folder: Path, env: Mapping[str, str], *options: str) -> Answer:
    """As both runners start it, without the variables of the tests."""
    command = ["env", "-i", *(f"{name}={value}" for name, value in env.items())]
    done = subprocess.run([*command, "bash", *options, "-c", script], cwd=folder, capture_output=True, check=False)
    return Answer(done.returncode, done.stdout, done.stderr.decode())


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A user's repository. The folder's name has a space, and the config changes the result."""
    folder = tmp_path / "workspace"
    (folder / "my apps").mkdir(parents=True)
    (folder / "my apps" / "app.yaml").write_bytes(CLASS_AND_WORKLOAD)
    config = {"telemetry": {"propagators": ["w3c"]}, "collector": {"endpoint": "http://collector:4317"}}
    otel = {"apiVersion": "fn.oaas.io/v1alpha1", "kind": "OTelConfig", "metadata": {"name": "otel"}, "spec": config}
    (folder / "otel.yaml").write_text(yaml.safe_dump(otel))
    return folder


# --------------------------------------------------------------------------------------------------------- GitHub


@dataclass
class Runner:
    """A job of GitHub Actions that has one step: the action of this repository."""

    workspace: Path
    temp: Path
    action: Path
    env: dict[str, str]
    values: dict[str, str] = field(default_factory=dict)
    """Expressions and their values."""
    log: str = ""

    def __call__(self, event: str = "pull_request", **inputs: str) -> int:
        """Runs all steps; the exit code of the first one that fails, or 0."""
        given = {name: str(one.get("default", "")) for name, one in ACTION["inputs"].items()}
        given |= {name.replace("_", "-"): value for name, value in inputs.items()}
        assert given.keys() == ACTION["inputs"].keys()
        self.values = {f"inputs.{name}": value for name, value in given.items()}
        self.values |= {"github.event_name": event, "github.event.pull_request.number": "7"}
        failed = 0
        for step in ACTION["runs"]["steps"]:
            if self.holds(step.get("if", "success()"), failed):
                failed = self.step(step).code or failed
        return failed

    def holds(self, condition: str, failed: int) -> bool:
        parts = condition.split(" && ")
        if "always()" not in parts and failed:
            return False
        for part in parts:
            name, _, word = part.partition(" == ")
            value = self.values.get(name, "")
            if not part.endswith("()") and (value != word.strip("'") if word else not value):
                return False
        return True

    def step(self, step: dict[str, Any]) -> Answer:
        assert step["shell"] == "bash"
        files = {name: self.temp / name for name in ("GITHUB_PATH", "GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
        own = {name: self.filled(value) for name, value in step.get("env", {}).items()}
        assert "${{" not in step["run"], "inputs in a script are code"
        env = {**self.env, **own, **{name: str(file) for name, file in files.items()}}
        env |= {"RUNNER_TEMP": str(self.temp), "GITHUB_ACTION_PATH": str(self.action), "GITHUB_REPOSITORY": "me/shop"}
        done = bash(step["run"], self.workspace, env, "--noprofile", "--norc", "-eo", "pipefail")
        self.log += done.stdout.decode() + done.stderr
        if files["GITHUB_PATH"].exists():
            self.env["PATH"] = f"{files['GITHUB_PATH'].read_text().strip()}{os.pathsep}{self.env['PATH']}"
            files["GITHUB_PATH"].unlink()
        if "id" in step and files["GITHUB_OUTPUT"].exists():
            for line in files["GITHUB_OUTPUT"].read_text().splitlines():
                name, _, value = line.partition("=")
                self.values[f"steps.{step['id']}.outputs.{name}"] = value
        return done

    def filled(self, text: str) -> str:
        return re.sub(r"\$\{\{ ([\w.-]+) \}\}", lambda found: self.values.get(found[1], ""), text)

    @property
    def summary(self) -> str:
        file = self.temp / "GITHUB_STEP_SUMMARY"
        return file.read_text() if file.exists() else ""

    @property
    def comments(self) -> dict[str, str]:
        file = self.temp / "bin" / "comments.json"
        comments: dict[str, str] = json.loads(file.read_text()) if file.exists() else {}
        return comments

    @property
    def differs(self) -> str:
        return self.filled(ACTION["outputs"]["differs"]["value"])


@pytest.fixture
def github(workspace: Path, tmp_path: Path) -> Runner:
    programs = tmp_path / "temp" / "bin"
    programs.mkdir(parents=True)
    write_script(programs / "gh", GH)
    kept = {name: os.environ[name] for name in os.environ if name.lower().endswith("_proxy") or name.startswith("PIP_")}
    env = {**kept, "PATH": os.pathsep.join([str(programs), PYTHON, "/usr/bin", "/bin"]), "HOME": str(tmp_path)}
    return Runner(workspace, tmp_path / "temp", checkout(tmp_path / "action"), env)


def test_the_action_fits_the_public_schema() -> None:
    run([Path(PYTHON, "check-jsonschema"), "--builtin-schema", "vendor.github-actions", ROOT / "action.yml"]).ok()


def test_the_action_sums_up_what_changes(github: Runner) -> None:
    """It installs krm-otel from its own checkout; results are annotations, and the config counts."""
    assert github(paths="my apps\n\n", fn_config="otel.yaml") == 0, github.log
    assert github.differs == "true"
    assert "::notice file=my apps/app.yaml,line=1," in github.log
    assert "| `Deployment echo` | injected |" in github.summary
    assert "`ConfigMap" not in github.summary, "the config names an endpoint, so there is no collector"
    assert github.comments == {}
    assert (github.temp / "krm-otel" / "bin" / "krm-otel").exists()


def test_the_action_reads_packages(github: Runner) -> None:
    """The config lies beside them, and so is none of theirs."""
    assert github(paths=".", packages="true", fn_config="otel.yaml") == 0, github.log
    assert github.log.count("krm-otel: 1 package; 1 class; 1 workload to inject") == 2
    assert "| `Deployment echo` | injected |" in github.summary


def test_the_action_fails_with_errors(github: Runner) -> None:
    (github.workspace / "my apps" / "app.yaml").write_bytes(BROKEN)
    assert github(comment="true") == 1
    assert re.search(r"^::error file=my apps/app\.yaml,line=4,", github.log, re.MULTILINE)
    assert github.comments == {}, "there is nothing to show"


def test_the_action_fails_on_a_diff_where_it_is_asked_to(github: Runner) -> None:
    """And the comment is there all the same."""
    settings = {"paths": "my apps", "fn_config": "otel.yaml", "fail_on_diff": "true", "comment": "true"}
    assert github(**settings) == 1
    assert "::error title=krm-otel::A render would change the manifests" in github.log
    assert list(github.comments) == ["1"]
    apps = github.workspace / "my apps"
    run([FUNCTION, "render", apps, "-c", github.workspace / "otel.yaml", "-o", apps]).ok()
    assert github(**settings) == 0
    assert github.differs == "false"


def test_the_action_keeps_one_comment(github: Runner) -> None:
    settings = {"paths": "my apps", "fn_config": "otel.yaml", "comment": "true"}
    (github.temp / "bin" / "comments.json").write_text('{"1": "looks good"}')
    assert github(event="push", **settings) == 0
    assert list(github.comments) == ["1"]
    assert github(**settings) == 0
    first = github.comments["2"]
    assert "| `Deployment echo` | injected |" in first
    (github.workspace / "my apps" / "app.yaml").write_bytes(CLASS_AND_WORKLOAD.replace(b"echo", b"ping"))
    assert github(**settings) == 0
    assert list(github.comments) == ["1", "2"]
    assert "| `Deployment ping` | injected |" in github.comments["2"] != first


# --------------------------------------------------------------------------------------------------------- GitLab


def job(**inputs: str | bool) -> tuple[dict[str, Any], str]:
    """The job that the component gives with these inputs, and its text."""
    header, text = COMPONENT.read_text().split("---\n")
    declared = yaml.safe_load(header)["spec"]["inputs"]
    given = {name: one["default"] for name, one in declared.items()}
    given |= {name.replace("_", "-"): value for name, value in inputs.items()}
    assert given.keys() == declared.keys()
    words = {name: str(value).lower() if isinstance(value, bool) else value for name, value in given.items()}
    filled = re.sub(r"\$\[\[ inputs\.([\w-]+) \]\]", lambda found: words[found[1]], text)
    found: dict[str, Any] = yaml.safe_load(filled)["krm-otel"]
    return found, filled


def gitlab(workspace: Path, **inputs: str | bool) -> Answer:
    """Its script in one shell, which ends at the first line that fails; with the krm-otel of these tests."""
    found, _ = job(**inputs)
    install, *script = found["script"]
    assert install.startswith("pip install ")
    env = {name: str(value) for name, value in found["variables"].items()}
    env["PATH"] = os.pathsep.join([PYTHON, "/usr/bin", "/bin"])
    return bash("\n".join(script), workspace, env, "-eo", "pipefail")


def test_the_component_fits_the_public_schema(tmp_path: Path) -> None:
    _, text = job()
    (tmp_path / "job.yml").write_text(text)
    flags = ["--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci"]
    run([Path(PYTHON, "check-jsonschema"), *flags, tmp_path / "job.yml"]).ok()


def test_the_component_installs_this_version() -> None:
    found, _ = job()
    assert found["script"][0].endswith(f'"krm-otel=={krm_otel.__version__}"')


def test_the_component_reports_results_and_changes(workspace: Path) -> None:
    (workspace / "my apps").rename(workspace / "apps")
    done = gitlab(workspace, paths="apps/app.yaml apps", fn_config="otel.yaml").ok()
    assert "1 workload to inject" in done.stderr
    found, _ = job()
    entries = json.loads((workspace / found["artifacts"]["reports"]["codequality"]).read_text())
    assert {(one["check_name"], one["severity"], one["location"]["path"]) for one in entries} == {
        ("telemetry-configured", "info", "apps/app.yaml")
    }
    (shown,) = found["artifacts"]["paths"]
    assert "| `Deployment echo` | injected |" in (workspace / shown).read_text()


def test_the_component_reads_packages(workspace: Path) -> None:
    done = gitlab(workspace, packages=True, fn_config="otel.yaml").ok()
    assert done.stderr.count("krm-otel: 1 package; 1 class; 1 workload to inject") == 3


def test_the_component_fails_with_errors_and_shows_them(workspace: Path) -> None:
    (workspace / "my apps" / "app.yaml").write_bytes(BROKEN)
    done = gitlab(workspace)
    assert done.code == 1
    assert b"my apps/app.yaml" in done.stdout
    (error,) = [one for one in json.loads((workspace / "krm-otel.json").read_text()) if one["severity"] == "major"]
    assert error["location"] == {"path": "my apps/app.yaml", "lines": {"begin": 4}}


def test_the_component_fails_on_a_diff_where_it_is_asked_to(workspace: Path) -> None:
    done = gitlab(workspace, fail_on_diff=True)
    assert done.code == 1
    assert b"A render would change the manifests" in done.stdout
    run([FUNCTION, "render", workspace, "-o", workspace]).ok()
    gitlab(workspace, fail_on_diff=True).ok()
