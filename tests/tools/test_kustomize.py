"""kustomize as we use it: what it hands to a function, and what it does with the answer."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.tools.clients import Command, Kustomize, as_function, write_kustomization, write_script

CONFIG = {
    "apiVersion": "krm-otel.oaas.io/v1alpha1",
    "kind": "OTelConfig",
    "metadata": {"name": "settings"},
    "spec": {"mode": "sidecar"},
}

# Shows itself on stderr and in the manifests.
MARK = """\
import sys
text = sys.stdin.read()
print(text, file=sys.stderr)
sys.stdout.write(text.replace("greeter:1", sys.argv[1]))
"""

FAIL = """\
import sys
sys.stdin.read()
sys.exit("not today")
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "overlay"
    folder.mkdir()
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "greeter"},
        "spec": {"containers": [{"name": "greeter", "image": "greeter:1"}]},
    }
    (folder / "pod.yaml").write_text(yaml.safe_dump(pod))
    return folder


def use(folder: Path, function: Command) -> None:
    """Make `function` a transformer of the kustomization."""
    write_kustomization(folder, resources=["pod.yaml"], namePrefix="hello-", transformers=["settings.yaml"])
    (folder / "settings.yaml").write_text(as_function(CONFIG, function))


def test_an_identity_function_changes_nothing(kustomize: Kustomize, folder: Path) -> None:
    write_kustomization(folder, resources=["pod.yaml"], namePrefix="hello-")
    without = kustomize.build(folder).ok()
    use(folder, ["cat"])
    assert kustomize.build(folder).ok().stdout == without.stdout


def test_a_function_gets_its_config_and_prefixed_names(kustomize: Kustomize, folder: Path) -> None:
    """The path starts at the kustomization, whatever the working directory."""
    write_script(folder / "mark", MARK)
    use(folder, ["./mark", "greeter:2"])
    answer = kustomize.build(folder).ok()
    seen = yaml.safe_load(answer.stderr)
    assert seen["functionConfig"]["spec"] == CONFIG["spec"]
    assert [item["metadata"]["name"] for item in seen["items"]] == ["hello-greeter"]
    assert b"image: greeter:2\n" in answer.stdout


def test_a_failing_function_fails_the_build_and_is_heard(kustomize: Kustomize, folder: Path) -> None:
    use(folder, [write_script(folder / "fail", FAIL)])
    answer = kustomize.build(folder)
    assert (answer.code, answer.stdout) == (1, b"")
    assert "not today" in answer.stderr


def test_without_enable_exec_the_function_is_skipped_in_silence(kustomize: Kustomize, folder: Path) -> None:
    """What the installation guide has to warn of: nothing was done, and the exit code is 0."""
    use(folder, [write_script(folder / "fail", FAIL)])
    answer = kustomize.build(folder, exec_allowed=False).ok()
    assert answer.stderr == ""
    assert b"image: greeter:1\n" in answer.stdout
