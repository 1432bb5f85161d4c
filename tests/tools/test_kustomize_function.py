"""krm-otel as a transformer of `kustomize build`, compared with the same build running `cat`."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.tools.clients import Command, Kustomize, as_function, run, write_kustomization
from tests.tools.function import (
    CAT,
    DATA,
    FUNCTION,
    RECORD,
    UNINJECT,
    Manifest,
    compare,
    injected,
    injection,
    manifests,
)

CONFIG: dict[str, Any] = {
    "apiVersion": "fn.oaas.io/v1alpha1",
    "kind": "OTelConfig",
    "metadata": {"name": "otel"},
    "spec": {},
}
"""Everything is said in the class."""

RENAMING: dict[str, Any] = {
    "namePrefix": "pre-",
    "nameSuffix": "-suf",
    "namespace": "prod",
    "commonAnnotations": {"example.com/owner": "me"},
    "labels": [
        {"pairs": {"team": "x"}, "includeTemplates": True},
        {"pairs": {"tier": "gold"}, "includeSelectors": True},
    ],
    "images": [
        {"name": "ghcr.io/acme/greet", "newTag": "9.9"},
        {"name": "ghcr.io/acme/bill", "newName": "mirror.example/bill", "newTag": "3"},
        {"name": "ghcr.io/acme/odgm", "digest": "sha256:" + "0" * 64},
    ],
}


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A class, and workloads as upstream's CRM renders them: Deployment and Knative Service by index, ODGM; one by its
    name and image only, one by annotation; a bystander. A generated ConfigMap names the service of one of them."""
    folder = tmp_path / "base"
    shutil.copytree(DATA / "upstream", folder)
    generator = {"name": "settings", "literals": ["OTEL_SERVICE_NAME=from-config", "LEVEL=info"]}
    write_kustomization(folder, resources=["class.yaml", "workloads.yaml"], configMapGenerator=[generator])
    return folder


@pytest.fixture
def overlay(base: Path) -> Path:
    folder = base.with_name("overlay")
    folder.mkdir()
    return folder


def use(
    overlay: Path, function: Command, config: dict[str, Any] = CONFIG, field: str = "transformers", **fields: Any
) -> Path:
    """Makes the overlay run the function with that config."""
    (overlay / "otel.yaml").write_text(as_function(config, function))
    write_kustomization(overlay, **{"resources": ["../base"], field: ["otel.yaml"], **fields})
    return overlay


def build(kustomize: Kustomize, folder: Path) -> bytes:
    return kustomize.build(folder).ok().stdout


def without_record(manifest: Manifest) -> Manifest:
    """A manifest as it is but for the record, and for an `annotations:` that only held it."""
    metadata = dict(manifest["metadata"])
    annotations = {key: value for key, value in metadata.get("annotations", {}).items() if key != RECORD}
    metadata.pop("annotations", None)
    return {**manifest, "metadata": {**metadata, **({"annotations": annotations} if annotations else {})}}


def expected(plain: list[Manifest], injections: dict[str, list[Manifest]]) -> list[Manifest]:
    """What `cat` gives, with these variables at the end of the containers of these workloads."""
    found = []
    for manifest in plain:
        name = f"{manifest['kind']}/{manifest['metadata']['name']}"
        if name in injections:
            [container] = manifest["spec"]["template"]["spec"]["containers"]
            container["env"] = [*container.get("env", []), *injections.pop(name)]
        found.append(manifest)
    assert not injections, "these are not in the build"
    return found


# -------------------------------------------------------------------------------------------- transformer


def test_renamed_moved_and_retagged_workloads_still_belong_to_their_class(kustomize: Kustomize, overlay: Path) -> None:
    """All of the build equals that with `cat`, but for exactly the injection; kustomize has renamed the class, but no
    label or annotation that names it."""
    plain = manifests(build(kustomize, use(overlay, CAT, **RENAMING)))
    ours = manifests(build(kustomize, use(overlay, [FUNCTION], **RENAMING)))
    name = "pre-hello-suf"
    main = injection(name, "main", key="greet", workload="Deployment/pre-hello-suf")
    named_by_config = [entry for entry in main if entry["name"] != "OTEL_SERVICE_NAME"]
    injections = {
        "Deployment/pre-hello-fn-0-suf": injection(
            name, "function", key="greet", workload="Deployment/pre-hello-fn-0-suf"
        ),
        "Service/pre-hello-fn-1-suf": injection(name, "function", key="bill", namespace="prod", downward=False),
        "Deployment/pre-hello-odgm-suf": injection(name, "odgm", workload="Deployment/pre-hello-odgm-suf"),
        "Deployment/pre-hello-suf": named_by_config,
        "StatefulSet/pre-store-suf": injection(name, "store", workload="StatefulSet/pre-store-suf"),
    }
    recorded = [m["metadata"]["name"] for m in ours if RECORD in m["metadata"].get("annotations", {})]
    assert sorted(recorded) == sorted(key.partition("/")[2] for key in injections)
    assert [without_record(manifest) for manifest in ours] == expected(plain, injections)
    # The test means something only if kustomize did all of it.
    text = yaml.safe_dump(plain)
    for trace in ("greet:9.9", "mirror.example/bill:3", "odgm@sha256", "pre-settings-suf-", "oaas.io/owner: hello\n"):
        assert trace in text


@pytest.mark.parametrize(
    "fields",
    [
        {"namePrefix": "pre-"},
        {"namespace": "prod"},
        {"images": [{"name": "ghcr.io/acme/greet", "newName": "mirror.example/other", "newTag": "1"}]},
        {"commonLabels": {"tier": "gold"}},
        {"generatorOptions": {"disableNameSuffixHash": True}},
    ],
    ids="+".join,
)
def test_each_transformation_alone(kustomize: Kustomize, overlay: Path, fields: dict[str, Any]) -> None:
    found = injected(manifests(build(kustomize, use(overlay, [FUNCTION], **fields))))
    bystander = next(name for name in found if "bystander" in name)
    assert found.pop(bystander) == []
    # A new name of its image leaves `hello` with nothing to know it by: no label, no container `function`.
    lost = {"Deployment/hello"} if "images" in fields else set()
    assert len(found) == 5
    assert {name for name, containers in found.items() if not containers} == lost


def test_a_chain_of_overlays_keeps_every_earlier_name(kustomize: Kustomize, overlay: Path) -> None:
    write_kustomization(overlay, resources=["../base"], namePrefix="one-", namespace="first")
    top = overlay.with_name("top")
    top.mkdir()
    use(top, [FUNCTION], resources=["../overlay"], namePrefix="two-", namespace="second")
    found = injected(manifests(build(kustomize, top)))
    assert found.pop("Deployment/two-one-bystander") == []
    assert len(found) == 5 and all(found.values())


def test_uninject_gives_back_what_cat_gives(kustomize: Kustomize, overlay: Path) -> None:
    """As a second transformer of the same build, and behind it in a pipe."""
    plain = build(kustomize, use(overlay, CAT, **RENAMING))
    ours = build(kustomize, use(overlay, [FUNCTION], **RENAMING))
    piped = run(UNINJECT, stdin=ours).ok().stdout
    assert manifests(piped) == manifests(plain)
    uninject = {**CONFIG, "metadata": {"name": "uninject"}}
    (overlay / "uninject.yaml").write_text(as_function(uninject, UNINJECT))
    use(overlay, [FUNCTION], transformers=["otel.yaml", "uninject.yaml"], **RENAMING)
    assert manifests(build(kustomize, overlay)) == manifests(plain)


def test_a_build_of_a_build_changes_nothing(kustomize: Kustomize, overlay: Path) -> None:
    """Rendered manifests in Git, built again: what is there is recognised after the way through JSON."""
    once = build(kustomize, use(overlay, [FUNCTION]))
    again = overlay.with_name("again")
    again.mkdir()
    (again / "rendered.yaml").write_bytes(once)
    use(again, [FUNCTION], resources=["rendered.yaml"])
    answer = kustomize.build(again).ok()
    assert manifests(answer.stdout) == manifests(once)
    assert "injected" not in answer.stderr and "updated" not in answer.stderr


def test_rendered_manifests_follow_a_later_name(kustomize: Kustomize, overlay: Path) -> None:
    """An injection for `hello`, then a prefix: it is brought up to date, not doubled."""
    once = build(kustomize, use(overlay, [FUNCTION]))
    again = overlay.with_name("again")
    again.mkdir()
    (again / "rendered.yaml").write_bytes(once)
    use(again, [FUNCTION], resources=["rendered.yaml"], namePrefix="eu-")
    found = {f"{m['kind']}/{m['metadata']['name']}": m for m in manifests(build(kustomize, again))}
    [container] = found["Deployment/eu-hello-odgm"]["spec"]["template"]["spec"]["containers"]
    assert container["env"] == injection("eu-hello", "odgm", workload="Deployment/eu-hello-odgm")


def test_the_stream_itself_is_the_one_of_cat_with_our_lines(kustomize: Kustomize, overlay: Path) -> None:
    """kustomize sorts keys, so that `env` may take the dash of `image`; besides, no line of `cat` is gone."""
    plain = build(kustomize, use(overlay, CAT))
    ours = build(kustomize, use(overlay, [FUNCTION]))
    lines = compare(plain, ours)
    moved = [line.replace("      - ", "        ") for line in lines.gone]
    assert all(line in ours.decode() for line in moved)
    assert [line for line in lines.gone if not line.startswith("      - image") and "envFrom" not in line] == []


# --------------------------------------------------------------------------------------- other ways to say it


@pytest.fixture
def oaas_class(base: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((base / "class.yaml").read_text())
    return found


@pytest.mark.parametrize("among_resources", [False, True], ids=["alone", "among the resources too"])
def test_a_class_as_function_config(
    kustomize: Kustomize, base: Path, overlay: Path, oaas_class: dict[str, Any], among_resources: bool
) -> None:
    """It counts once, and comes out only where it also went in."""
    resources = ["class.yaml", "workloads.yaml"] if among_resources else ["workloads.yaml"]
    write_kustomization(base, resources=resources)
    ours = manifests(build(kustomize, use(overlay, [FUNCTION], oaas_class, namespace="prod")))
    assert [m["kind"] for m in ours].count("ClassRuntime") == among_resources
    # The class itself stays where it is written: kustomize moves no function config.
    found = injected(ours)
    assert found.pop("Deployment/bystander") == []
    assert all(found.values()) is among_resources


def test_a_class_as_function_config_without_a_namespace(
    kustomize: Kustomize, base: Path, overlay: Path, oaas_class: dict[str, Any]
) -> None:
    write_kustomization(base, resources=["workloads.yaml"])
    found = injected(manifests(build(kustomize, use(overlay, [FUNCTION], oaas_class))))
    assert found.pop("Deployment/bystander") == []
    assert len(found) == 5 and all(found.values())


def test_a_flat_config_map_as_function_config(kustomize: Kustomize, overlay: Path) -> None:
    data = {"features_otel": "false"}
    flat = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "otel"}, "data": data}
    answer = kustomize.build(use(overlay, [FUNCTION], flat)).ok()
    assert not any(injected(manifests(answer.stdout)).values())
    assert "Deployment/hello skipped (switched off by ConfigMap data.features_otel)" in answer.stderr


def test_a_lone_config_among_the_resources_is_used(kustomize: Kustomize, overlay: Path) -> None:
    """And it comes out as it went in: an OTelConfig that is not to be applied says local-config."""
    config = {**CONFIG, "metadata": {"name": "cluster"}, "spec": {"enabled": False}}
    (overlay / "cluster.yaml").write_text(yaml.safe_dump(config))
    flat = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "otel"}, "data": {}}
    ours = manifests(build(kustomize, use(overlay, [FUNCTION], flat, resources=["../base", "cluster.yaml"])))
    assert not any(injected(ours).values())
    assert [m["kind"] for m in ours].count("OTelConfig") == 1


def test_in_a_component_the_names_are_those_of_the_base(kustomize: Kustomize, overlay: Path) -> None:
    """All workloads match; but the overlay's prefix and namespace come later, and are not in our values."""
    component = overlay.with_name("component")
    component.mkdir()
    (component / "otel.yaml").write_text(as_function(CONFIG, [FUNCTION]))
    kustomization = {
        "apiVersion": "kustomize.config.k8s.io/v1alpha1",
        "kind": "Component",
        "transformers": ["otel.yaml"],
    }
    (component / "kustomization.yaml").write_text(yaml.safe_dump(kustomization))
    fields = {**RENAMING, "components": ["../component"]}
    write_kustomization(overlay, resources=["../base"], **fields)
    ours = manifests(build(kustomize, overlay))
    plain = manifests(build(kustomize, use(overlay, CAT, **RENAMING)))
    main = injection("hello", "main", key="greet", workload="Deployment/hello")
    named_by_config = [entry for entry in main if entry["name"] != "OTEL_SERVICE_NAME"]
    injections = {
        "Deployment/pre-hello-fn-0-suf": injection("hello", "function", key="greet", workload="Deployment/hello-fn-0"),
        "Service/pre-hello-fn-1-suf": injection("hello", "function", key="bill", downward=False),
        "Deployment/pre-hello-odgm-suf": injection("hello", "odgm", workload="Deployment/hello-odgm"),
        "Deployment/pre-hello-suf": named_by_config,
        "StatefulSet/pre-store-suf": injection("hello", "store", workload="StatefulSet/store"),
    }
    assert [without_record(manifest) for manifest in ours] == expected(plain, injections)


# ------------------------------------------------------------------------------------------------- faults


@pytest.mark.parametrize("place", ["transformer", "component"])
def test_an_error_fails_the_build_and_says_why(kustomize: Kustomize, base: Path, overlay: Path, place: str) -> None:
    """kustomize shows no results: field and advice are on stderr."""
    config = base / "class.yaml"
    config.write_text(config.read_text().replace("sampling_rate:", "sampling_rat:"))
    if place == "component":
        (overlay / "otel.yaml").write_text(as_function(CONFIG, [FUNCTION]))
        kustomization = {"kind": "Component", "transformers": ["otel.yaml"]}
        kustomization["apiVersion"] = "kustomize.config.k8s.io/v1alpha1"
        (overlay / "kustomization.yaml").write_text(yaml.safe_dump(kustomization))
        folder = overlay.with_name("top")
        folder.mkdir()
        write_kustomization(folder, resources=["../base"], components=["../overlay"])
    else:
        folder = use(overlay, [FUNCTION])
    answer = kustomize.build(folder)
    assert (answer.code, answer.stdout) == (1, b"")
    assert "error[unknown-field] ClassRuntime hello" in answer.stderr
    assert "spec.observability.telemetry.sampling_rat" in answer.stderr
    assert "write sampling_rate" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_warning_is_on_stderr_and_the_build_succeeds(kustomize: Kustomize, base: Path, overlay: Path) -> None:
    config = base / "class.yaml"
    config.write_text(config.read_text().replace("sampling_rate: 0.05", "sampling_rate: 0.9"))
    answer = kustomize.build(use(overlay, [FUNCTION])).ok()
    assert "] ClassRuntime hello: spec.observability.telemetry.sampling_rate" in answer.stderr
    assert "more than half of all traces" in answer.stderr
    assert "Deployment/hello-odgm injected" in answer.stderr


def test_two_configs_among_the_resources_are_an_error(kustomize: Kustomize, overlay: Path) -> None:
    for name in ("one", "two"):
        (overlay / f"{name}.yaml").write_text(yaml.safe_dump({**CONFIG, "metadata": {"name": name}}))
    flat = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "otel"}, "data": {}}
    answer = kustomize.build(use(overlay, [FUNCTION], flat, resources=["../base", "one.yaml", "two.yaml"]))
    assert (answer.code, answer.stdout) == (1, b"")
    assert "OTelConfig one" in answer.stderr and "OTelConfig two" in answer.stderr


@pytest.mark.parametrize("function", [CAT, [FUNCTION]], ids=["cat", "krm-otel"])
def test_kustomize_takes_no_function_as_validator(kustomize: Kustomize, overlay: Path, function: Command) -> None:
    """It finds its own path annotations and calls them a change, even from `cat`. Use `krm-otel validate` in CI."""
    once = build(kustomize, use(overlay, [FUNCTION]))
    again = overlay.with_name("again")
    again.mkdir()
    (again / "rendered.yaml").write_bytes(once)
    use(again, function, field="validators", resources=["rendered.yaml"])
    answer = kustomize.build(again)
    assert answer.code == 1
    assert "validator shouldn't modify the resource map" in answer.stderr
    run([FUNCTION, "validate", "-"], stdin=once).ok()
