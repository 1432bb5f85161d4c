"""kpt as we use it: what it hands to a function, and what it does with the answer."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.tools.clients import Kpt, mutator, read_results, read_tree, write_kptfile, write_script

DEPLOYMENT = """\
# kept by an identity function
apiVersion: apps/v1
kind: Deployment
metadata:
  name: greeter # and so is this
spec:
  replicas: 2
  template:
    spec:
      containers:
        - name: greeter
          image: "greeter:1"
"""

CONFIG = """\
apiVersion: krm-otel.oaas.io/v1alpha1
kind: OTelConfig
metadata:
  name: settings
  annotations:
    config.kubernetes.io/local-config: "true"
spec:
  mode: sidecar
"""

# Says what it got on stderr, and hands it on.
TELL = """\
import sys
text = sys.stdin.read()
print(text, file=sys.stderr)
sys.stdout.write(text)
"""

# A result of the severity that is its argument, and the exit code that goes with it.
COMPLAIN = """\
import sys
severity = sys.argv[1]
sys.stdout.write(sys.stdin.read().replace("replicas: 2", "replicas: 3") + f'''\\
results:
- message: too many replicas
  severity: {severity}
  resourceRef: {{apiVersion: apps/v1, kind: Deployment, name: greeter}}
  field: {{path: spec.replicas, currentValue: 2, proposedValue: 1}}
''')
sys.exit(severity == "error")
"""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    folder = tmp_path / "package"
    folder.mkdir()
    (folder / "deployment.yaml").write_text(DEPLOYMENT)
    (folder / "settings.yaml").write_text(CONFIG)
    write_kptfile(folder)
    return folder


@pytest.fixture
def tell(tmp_path: Path) -> Path:
    return write_script(tmp_path / "tell it", TELL)  # with a blank: kpt splits commands as a shell does


@pytest.fixture
def complain(tmp_path: Path) -> Path:
    return write_script(tmp_path / "complain", COMPLAIN)


def told_config(results: Path) -> dict[str, object]:
    """The functionConfig that `tell` got."""
    stderr = yaml.safe_load((results / "results.yaml").read_text())["items"][0]["stderr"]
    config = yaml.safe_load(stderr)["functionConfig"]
    assert isinstance(config, dict)
    return config


def test_eval_with_an_identity_function_leaves_a_tidy_package_alone(kpt: Kpt, package: Path) -> None:
    before = read_tree(package)
    kpt.eval(package, ["cat"]).ok()
    assert read_tree(package) == before


def test_eval_always_sends_a_config(kpt: Kpt, package: Path, tell: Path, tmp_path: Path) -> None:
    """Without one it is an empty ConfigMap, not nothing."""
    kpt.eval(package, [tell], results=tmp_path / "results").ok()
    config = told_config(tmp_path / "results")
    assert (config["kind"], config["data"]) == ("ConfigMap", {})


def test_eval_takes_a_config_from_a_file_and_from_the_command_line(
    kpt: Kpt, package: Path, tell: Path, tmp_path: Path
) -> None:
    kpt.eval(package, [tell], config=package / "settings.yaml", results=tmp_path / "file").ok()
    assert told_config(tmp_path / "file")["spec"] == {"mode": "sidecar"}
    kpt.eval(package, [tell], data={"mode": "sidecar"}, results=tmp_path / "data").ok()
    assert told_config(tmp_path / "data")["data"] == {"mode": "sidecar"}


def test_render_takes_a_config_from_a_path_and_from_the_kptfile(
    kpt: Kpt, package: Path, tell: Path, tmp_path: Path
) -> None:
    write_kptfile(package, mutator([tell], config_path="settings.yaml"))
    kpt.render(package, results=tmp_path / "path").ok()
    assert told_config(tmp_path / "path")["spec"] == {"mode": "sidecar"}
    write_kptfile(package, mutator([tell], config_map={"mode": "sidecar"}))
    kpt.render(package, results=tmp_path / "map").ok()
    assert told_config(tmp_path / "map")["data"] == {"mode": "sidecar"}


def test_a_relative_function_starts_at_the_working_directory(
    kpt: Kpt, package: Path, complain: Path, tmp_path: Path
) -> None:
    write_kptfile(package, mutator([f"./{complain.name}", "info"]))
    kpt.render(package, cwd=tmp_path).ok()
    assert kpt.render(package, cwd=package).code == 1


@pytest.mark.parametrize("severity", ["info", "warning"])
def test_results_that_are_no_errors_let_the_change_pass(
    kpt: Kpt, package: Path, complain: Path, tmp_path: Path, severity: str
) -> None:
    write_kptfile(package, mutator([complain, severity]))
    kpt.render(package, results=tmp_path / "results").ok()
    [result] = read_results(tmp_path / "results")
    assert (result["severity"], result["field"]["proposedValue"]) == (severity, 1)
    assert "replicas: 3" in (package / "deployment.yaml").read_text()


def test_an_error_writes_nothing_and_is_shown(kpt: Kpt, package: Path, complain: Path, tmp_path: Path) -> None:
    write_kptfile(package, mutator([complain, "error"]))
    before = read_tree(package)
    answer = kpt.render(package, results=tmp_path / "results")
    assert answer.code == 1
    assert "too many replicas" in answer.stderr
    assert read_results(tmp_path / "results")[0]["severity"] == "error"
    assert read_tree(package) == before


def test_source_function_sink_is_the_same_package(kpt: Kpt, package: Path, tmp_path: Path) -> None:
    kpt.pipe(package, ["cat"], tmp_path / "copy").ok()
    assert read_tree(tmp_path / "copy") == read_tree(package)
