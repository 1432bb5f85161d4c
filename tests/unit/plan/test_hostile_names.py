"""Names that Kubernetes would refuse: they lead out of no folder, and the collector replaces nothing in them."""

from __future__ import annotations

import json
from pathlib import PurePosixPath

import pytest
import yaml

from krm_otel.run import Outcome, Source, run


def rendered(name: str, namespace: str) -> Outcome:
    metadata = {"name": name, "namespace": namespace}
    collector = {"mode": "sidecar", "exporters": {"traces": "http://t:4317", "metrics": "debug"}}
    spec = {"observability": {"enabled": True, "collector": collector}}
    pod = {"containers": [{"name": "c", "image": "a:1"}]}
    annotations = {"oaas.io/class-runtime": name}
    objects = [
        {"apiVersion": "oaas.io/v1alpha1", "kind": "ClassRuntime", "metadata": metadata, "spec": spec},
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {**metadata, "annotations": annotations},
            "spec": {"template": {"spec": pod}},
        },
    ]
    return run([Source("\n---\n".join(map(json.dumps, objects)).encode(), "apps/a.yaml")], {})


@pytest.mark.parametrize("name", ["../../x", "a/b", "/etc/x", "b" * 250, "{{ x }}", "a\x1b[2J", "..", "é"])
def test_a_file_is_next_to_its_class(name: str) -> None:
    """Whatever the name, and short enough for any file system."""
    outcome = rendered(name, "shop")
    assert outcome.exit_code == 0
    (file,) = map(PurePosixPath, outcome.new_files)
    assert file.parent == PurePosixPath("apps")
    assert file.name.endswith("-otel.yaml") and len(file.name) < 100 and file.name.isascii()


@pytest.mark.parametrize("namespace", ["${env:X}", "$HOME", "a$$b"])
def test_the_collector_replaces_nothing_in_a_namespace(namespace: str) -> None:
    (text,) = rendered("echo", namespace).new_files.values()
    (config_map,) = yaml.safe_load_all(text)
    config = config_map["data"]["collector.yaml"].replace("$$", "")
    assert namespace.replace("$", "") in config
    assert "${env:X}" not in config and "$HOME" not in config and "$b" not in config
