"""krm-otel in `kpt fn eval` and `kpt fn render`, compared with the same client running `cat`."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.tools.clients import Answer, Command, Kpt, mutator, read_results, read_tree, write_kptfile
from tests.tools.function import (
    CAT,
    DATA,
    ENDPOINT,
    FUNCTION,
    RECORD,
    UNINJECT,
    compare,
    environment,
    injected,
    injection,
    manifests,
)

CONFIG = """\
apiVersion: fn.oaas.io/v1alpha1
kind: OTelConfig
metadata:
  name: otel
  annotations:
    config.kubernetes.io/local-config: "true"
spec:
  telemetry:
    sampling_rate: 0.01
    propagators: [w3c]
  collector:
    endpoint: http://otel-collector.observability:4317
"""

CLASS = """\
apiVersion: oaas.io/v1alpha1
kind: ClassRuntime
metadata:
  name: hello
  namespace: shop
spec:
  functions:
    - function_key: greet
      container_image: ghcr.io/acme/greet:1.4.0
  observability:
    enabled: true
    telemetry:
      resource_attributes: {team: core}
"""

DEPLOYMENT = """\
# rendered
apiVersion: apps/v1
kind: Deployment
metadata:
  name: hello
  namespace: shop
spec:
  template:
    spec:
      containers:
        - name: function # the one
          image: "ghcr.io/acme/greet:1.4.1"
          # resources follow
          resources: {}
"""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A class that says no endpoint, the OTelConfig that does, a workload."""
    folder = tmp_path / "package"
    folder.mkdir()
    (folder / "class.yaml").write_text(CLASS)
    (folder / "deployment.yaml").write_text(DEPLOYMENT)
    (folder / "otel.yaml").write_text(CONFIG)
    return folder


@pytest.fixture
def shapes(tmp_path: Path) -> Path:
    """Manifests in every style: comments anywhere, flow, JSON, CRLF, empty `env`, odd indentation."""
    folder = tmp_path / "shapes"
    shutil.copytree(DATA / "shapes", folder)
    pod = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: crlf\n  namespace: shop\n  labels: {oaas.io/owner: hello}\n"
    pod += "spec:\n  containers:\n    - name: a\n      image: a:1\n"
    (folder / "crlf.yaml").write_bytes(pod.replace("\n", "\r\n").encode())
    return folder


def copy(folder: Path, name: str) -> Path:
    return Path(shutil.copytree(folder, folder.with_name(name)))


def container(folder: Path, file: str = "deployment.yaml") -> dict[str, Any]:
    [manifest] = manifests((folder / file).read_bytes())
    found = manifest["spec"]["template"]["spec"]["containers"][0]
    assert isinstance(found, dict)
    return found


def sampling_rate(folder: Path) -> str | None:
    """What was injected: it tells which config was used."""
    rate = environment(container(folder)).get("OTEL_TRACES_SAMPLER_ARG")
    assert rate is None or isinstance(rate, str)
    return rate


# ---------------------------------------------------------------------------------------- nothing else changes


def test_only_our_lines_differ_from_what_kpt_makes_of_cat(kpt: Kpt, shapes: Path, tmp_path: Path) -> None:
    """Every line that kpt keeps with `cat` is there, but merged values and what had to be opened; a second run
    changes nothing; what `uninject` leaves through kpt is kpt's own doing, byte for byte."""
    kpt.eval(copy(shapes, "cat"), CAT).ok()
    kpt.eval(shapes, [FUNCTION]).ok()
    plain, ours = read_tree(tmp_path / "cat"), read_tree(shapes)
    assert list(plain) == list(ours)
    assert ours["bystanders.yaml"] == plain["bystanders.yaml"]
    assert ours["class.yaml"] == plain["class.yaml"]
    lines = {name: compare(plain[name], ours[name]) for name in ("shapes.yaml", "crlf.yaml", "sub/job.yaml")}
    assert lines["crlf.yaml"].gone == lines["crlf.yaml"].not_ours == []
    # A flow mapping gets the record on its own line.
    assert lines["sub/job.yaml"].gone == ["  annotations: {oaas.io/class-runtime: hello}"]
    assert [line[:46] for line in lines["sub/job.yaml"].not_ours] == ["  annotations: {oaas.io/class-runtime: hello, "]
    assert lines["shapes.yaml"].gone == [
        "        env: []",
        """        env: [{name: OTEL_RESOURCE_ATTRIBUTES, value: 'a=b'}, {name: B, value: "c"}]""",
        "          value: team=mine,x=y # mine",
        "metadata: {namespace: shop, name: store}",
    ]
    opened = lines["shapes.yaml"].not_ours
    assert [line[:40] for line in opened] == [
        "        env: [{name: OTEL_RESOURCE_ATTRI",
        '          value: "team=mine,x=y,deployme',
        "metadata: {namespace: shop, name: store,",
    ]
    assert opened[1].endswith('" # mine')

    once = read_tree(shapes)
    kpt.eval(shapes, [FUNCTION]).ok()
    assert read_tree(shapes) == once, "a second run changes something"
    kpt.eval(shapes, UNINJECT).ok()
    assert read_tree(shapes) == plain


def test_every_shape_is_injected_and_nothing_else(kpt: Kpt, shapes: Path) -> None:
    kpt.eval(shapes, [FUNCTION]).ok()
    found = manifests(
        b"\n---\n".join(read_tree(shapes)[name] for name in ("shapes.yaml", "data.json", "bystanders.yaml"))
    )
    assert injected(found) == {
        "Deployment/hello-fn-0": ["function", "second", "third", "fourth", "fifth", "sixth"],
        "Service/hello-fn-1": [""],
        "StatefulSet/store": ["odgm"],
        "Deployment/json": ["j"],
        "Deployment/other": [],
    }
    [pod] = manifests((shapes / "crlf.yaml").read_bytes())
    attributes = "team=core%2C%20and%2C%20more,mood=gr%C3%BC%C3%9Fe%20%F0%9F%98%80"
    assert pod["spec"]["containers"][0]["env"] == injection("hello", "a", attributes=attributes)


# Where a comment may stand in a container and its variables, and what may follow the container.
_COMMENTS = {
    "last in a list": "        env:\n        - name: A\n          value: b\n        # - name: C\n        #   more\n",
    "last in a wide list": "        env:\n          - name: A\n            value: b\n          # - name: C\n",
    "last in an entry": "        env:\n        - name: A\n          value: b\n          # so\n",
    "first in a list": "        env:\n        # so\n        - name: A\n          value: b\n",
    "behind a value": "        env: # variables\n        - name: A # a\n          value: b # b\n",
    "before what follows": "      # so\n",
}
_LAST_IN_A_CONTAINER = {
    "last in a container": "        # resources: {}\n",
    "last in a container, in two lines": "        # resources:\n        #   limits: {}\n",
}
_ENDS = {
    "volumes": "      volumes: []\n",
    "container": "      - name: istio-proxy\n        image: proxy\n",
    "end": "",
}
_DOUBLED_BY_KPT = {("last in a list", "end"), ("last in a wide list", "end"), ("before what follows", "end")}


def commented(name: str, comment: str, end: str) -> str:
    """A Deployment with a comment in or behind its container, indented as kpt leaves it."""
    return (
        f"apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {name}\n  namespace: shop\n"
        "  labels: {oaas.io/owner: hello}\nspec:\n  template:\n    spec:\n      containers:\n"
        f"      - name: function\n        image: ghcr.io/acme/greet:1.4.1\n{comment}{end}"
    )


@pytest.mark.parametrize(
    "comments",
    [
        pytest.param(_COMMENTS, id="anywhere"),
        pytest.param(_LAST_IN_A_CONTAINER, id="last in a container"),
    ],
)
def test_comments_are_not_doubled(kpt: Kpt, tmp_path: Path, comments: dict[str, str]) -> None:
    """kpt gives comments back by their place; ours must not make it give one twice."""
    plain, ours = tmp_path / "plain", tmp_path / "ours"
    plain.mkdir()
    (plain / "class.yaml").write_text(CLASS)
    (plain / "otel.yaml").write_text(CONFIG)
    for place, comment in comments.items():
        for end, following in _ENDS.items():
            if (place, end) not in _DOUBLED_BY_KPT:
                file = plain / f"{place}, {end}.yaml"
                file.write_text(commented(f"d-{len(list(plain.iterdir()))}", comment, following))
    shutil.copytree(plain, ours)
    kpt.eval(plain, CAT).ok()
    kpt.eval(ours, [FUNCTION]).ok()
    before, after = read_tree(plain), read_tree(ours)
    lines = {name: compare(before[name], after[name]) for name in before}
    assert {name: diff.gone for name, diff in lines.items() if diff.gone} == {}
    # kpt itself sets a comment that ends a container off from the new key by an empty line.
    assert {line for diff in lines.values() for line in diff.not_ours} <= {""}
    assert sum(bool(diff.new) for diff in lines.values()) == len(lines) - 2
    kpt.eval(ours, UNINJECT).ok()
    assert read_tree(ours) == before


def test_kpt_itself_doubles_a_comment_at_the_very_end(kpt: Kpt, tmp_path: Path) -> None:
    """What we cannot help: right below the last, nested line of a file. A blank line before it helps."""
    for name, comment in {"close": "      # so\n", "apart": "\n      # so\n"}.items():
        (tmp_path / f"{name}.yaml").write_text(commented(name, "", comment))
    kpt.eval(tmp_path, CAT).ok()
    count = {name: data.count(b"# so") for name, data in read_tree(tmp_path).items()}
    assert count == {"close.yaml": 2, "apart.yaml": 1}


# --------------------------------------------------------------------------------------------------- eval


def test_eval_writes_to_a_stream_and_leaves_the_folder_alone(kpt: Kpt, package: Path) -> None:
    before = read_tree(package)
    unwrapped = kpt.eval(package, [FUNCTION], flags=["-o", "unwrap"]).ok().stdout
    wrapped = kpt.eval(package, [FUNCTION], flags=["-o", "stdout"]).ok().stdout
    assert read_tree(package) == before
    for stream in (manifests(unwrapped), manifests(wrapped)[0]["items"]):
        assert injected(stream) == {"Deployment/hello": ["function"]}
    plain = kpt.eval(package, CAT, flags=["-o", "unwrap"]).ok().stdout
    lines = compare(plain, unwrapped)
    assert (lines.gone, lines.not_ours) == ([], [])


def test_eval_takes_a_config_from_a_file(kpt: Kpt, package: Path, tmp_path: Path) -> None:
    """An OTelConfig from outside the package goes before the one in it, which is then only named."""
    config = tmp_path / "other.yaml"
    config.write_text(CONFIG.replace("name: otel", "name: other").replace("0.01", "0.2"))
    kpt.eval(package, [FUNCTION], config=config, results=tmp_path / "results").ok()
    assert sampling_rate(package) == "0.2"
    [result] = faults_in(tmp_path / "results")
    assert (result["severity"], result["file"]["path"]) == ("info", "otel.yaml")
    assert "OTelConfig otel is not used" in result["message"]


def test_eval_takes_settings_from_the_command_line(kpt: Kpt, package: Path) -> None:
    """The flat form goes before the OTelConfig among the items, key by key."""
    kpt.eval(package, [FUNCTION], data={"sampling_rate": "0.25", "logs": "yes"}).ok()
    variables = environment(container(package))
    assert variables["OTEL_TRACES_SAMPLER_ARG"] == "0.25"
    assert variables["OTEL_LOGS_EXPORTER"] == "otlp"
    assert variables["OTEL_EXPORTER_OTLP_ENDPOINT"] == ENDPOINT


def test_eval_takes_settings_from_the_environment(kpt: Kpt, package: Path) -> None:
    (package / "otel.yaml").unlink()
    env = {"OPRC_CRM_OTEL_ENDPOINT": ENDPOINT, "OPRC_CRM_OTEL_SAMPLING_RATE": "0.3"}
    kpt.eval(package, [FUNCTION], env=env).ok()
    assert sampling_rate(package) == "0.3"
    kpt.eval(package, [FUNCTION], env={**env, "OPRC_CRM_FEATURES_OTEL": "false"}).ok()
    assert read_tree(package)["deployment.yaml"] == DEPLOYMENT.encode()


def test_eval_without_a_config_uses_the_one_in_the_package(kpt: Kpt, package: Path) -> None:
    answer = kpt.eval(package, [FUNCTION]).ok()
    assert "Deployment/hello injected" in answer.stderr
    assert container(package)["env"] == injection(
        "hello", "function", key="greet", rate="0.01", workload="Deployment/hello"
    )


@pytest.mark.parametrize("key", ["on", "sampling_rat"])
def test_an_unknown_setting_is_named(kpt: Kpt, package: Path, key: str) -> None:
    before = read_tree(package)
    answer = kpt.eval(package, [FUNCTION], data={key: "on"})
    assert answer.code == 1
    assert f"data.{key}" in answer.stderr
    assert read_tree(package) == before


# ----------------------------------------------------------------------------------------- half an input


def test_workloads_alone_keep_what_they_have(kpt: Kpt, package: Path, tmp_path: Path) -> None:
    """Selected without their class: nothing is lost, and the class is named. The Kptfile is not selected either."""
    write_kptfile(package)
    kpt.eval(package, [FUNCTION]).ok()
    before = read_tree(package)
    for flags in (["--match-kind", "Deployment"], ["--match-name", "hello", "--exclude-kind", "ClassRuntime"]):
        results = tmp_path / flags[1]
        answer = kpt.eval(package, [FUNCTION], flags=flags, results=results).ok()
        assert read_tree(package) == before
        [result] = faults_in(results)
        assert result["severity"] == "warning"
        assert "ClassRuntime hello is not in the input" in result["message"]
        assert result["resourceRef"]["name"] == "hello"
        assert result["field"] == {"path": f"metadata.annotations[{RECORD}]"}
        assert "Deployment/hello kept" in answer.stderr


def test_a_selection_of_all_gives_the_same_as_none(kpt: Kpt, package: Path) -> None:
    """kpt marks what it selects by an annotation of its own, which is not on disk: the record does not count it."""
    whole = copy(package, "whole")
    kpt.eval(whole, [FUNCTION]).ok()
    kpt.eval(package, [FUNCTION], flags=["--exclude-name", "nobody"]).ok()
    assert read_tree(package) == read_tree(whole)


def test_excluding_classes_from_a_package_looks_as_if_they_were_gone(kpt: Kpt, package: Path) -> None:
    """What the guide has to warn of: the Kptfile is not excluded, so the package looks whole. `prune: false` helps."""
    write_kptfile(package)
    kpt.eval(package, [FUNCTION]).ok()
    before = read_tree(package)
    config = package / "otel.yaml"
    config.write_text(CONFIG + "  prune: false\n")
    kpt.eval(package, [FUNCTION], flags=["--exclude-kind", "ClassRuntime"]).ok()
    assert read_tree(package)["deployment.yaml"] == before["deployment.yaml"]
    config.write_text(CONFIG)
    answer = kpt.eval(package, [FUNCTION], flags=["--exclude-kind", "ClassRuntime"]).ok()
    assert "Deployment/hello removed (class hello is gone)" in answer.stderr


def test_a_class_alone_is_told_that_it_has_no_workload(kpt: Kpt, package: Path, tmp_path: Path) -> None:
    kpt.eval(package, [FUNCTION]).ok()
    before = read_tree(package)
    kpt.eval(package, [FUNCTION], flags=["--exclude-kind", "Deployment"], results=tmp_path / "results").ok()
    assert read_tree(package) == before
    [result] = faults_in(tmp_path / "results")
    assert (result["severity"], result["resourceRef"]["kind"]) == ("warning", "ClassRuntime")
    assert "no workload belongs to class hello" in result["message"]


def test_a_folder_without_kptfile_may_be_half_of_one(kpt: Kpt, package: Path) -> None:
    kpt.eval(package, [FUNCTION]).ok()
    before = read_tree(package)["deployment.yaml"]
    (package / "class.yaml").unlink()
    answer = kpt.eval(package, [FUNCTION]).ok()
    assert read_tree(package)["deployment.yaml"] == before
    assert "ClassRuntime hello is not in the input" in answer.stderr


def test_a_class_that_is_gone_from_a_package_is_pruned_on_render(kpt: Kpt, package: Path) -> None:
    write_kptfile(package, mutator([FUNCTION]))
    kpt.render(package).ok()
    assert sampling_rate(package) == "0.01"
    (package / "class.yaml").unlink()
    answer = kpt.render(package).ok()
    assert "Deployment/hello removed (class hello is gone)" in answer.stderr
    assert read_tree(package)["deployment.yaml"] == DEPLOYMENT.encode()


# ------------------------------------------------------------------------------------------------- render


def test_render_takes_a_config_from_a_path(kpt: Kpt, package: Path) -> None:
    """It is among the items as well, and is the same config, not a second one."""
    write_kptfile(package, mutator([FUNCTION], config_path="otel.yaml"))
    answer = kpt.render(package).ok()
    assert sampling_rate(package) == "0.01"
    assert "warning" not in answer.stderr.lower()


def test_render_takes_settings_from_the_kptfile(kpt: Kpt, package: Path) -> None:
    write_kptfile(package, mutator([FUNCTION], config_map={"sampling_rate": "0.25", "propagators": "w3c"}))
    kpt.render(package).ok()
    assert sampling_rate(package) == "0.25"


def test_render_takes_unquoted_settings(kpt: Kpt, package: Path) -> None:
    """YAML takes `0.25` for a number and `on` for a switch; kpt hands them on as they are written."""
    write_kptfile(package, mutator([FUNCTION]))
    with (package / "Kptfile").open("a") as file:
        file.write("    configMap:\n      sampling_rate: 0.25\n      logs: on\n      metrics: no\n")
    kpt.render(package).ok()
    variables = environment(container(package))
    assert variables["OTEL_TRACES_SAMPLER_ARG"] == "0.25"
    assert (variables["OTEL_LOGS_EXPORTER"], variables["OTEL_METRICS_EXPORTER"]) == ("otlp", "none")


def test_a_key_that_yaml_takes_for_a_switch_is_named_as_it_is_written(kpt: Kpt, package: Path) -> None:
    write_kptfile(package, mutator([FUNCTION]))
    with (package / "Kptfile").open("a") as file:
        file.write("    configMap:\n      on: on\n")
    before = read_tree(package)
    answer = kpt.render(package)
    assert (answer.code, read_tree(package)) == (1, before)
    assert "on is not a known key" in answer.stderr


@pytest.mark.parametrize("form", ["path", "map"])
def test_a_second_render_changes_nothing_and_uninject_undoes_it(kpt: Kpt, shapes: Path, form: str) -> None:
    plain = copy(shapes, "plain")
    (shapes / "otel.yaml").write_text(CONFIG)
    (plain / "otel.yaml").write_text(CONFIG)
    if form == "path":
        write_kptfile(shapes, mutator([FUNCTION], config_path="otel.yaml"))
    else:
        write_kptfile(shapes, mutator([FUNCTION], config_map={"logs": "true"}))
    kpt.render(shapes).ok()
    once = read_tree(shapes)
    answer = kpt.render(shapes).ok()
    assert read_tree(shapes) == once
    assert "injected" not in answer.stderr and "updated" not in answer.stderr

    write_kptfile(shapes, mutator(UNINJECT))
    kpt.render(shapes).ok()
    write_kptfile(plain, mutator(CAT))
    kpt.render(plain).ok()
    kptfile = {"Kptfile"}  # the pipelines differ
    assert _without(read_tree(shapes), kptfile) == _without(read_tree(plain), kptfile)


def test_render_reaches_into_subpackages(kpt: Kpt, package: Path) -> None:
    """The pipeline of the parent sees what lies in a subpackage, which has none."""
    sub = package / "sub"
    sub.mkdir()
    (package / "deployment.yaml").rename(sub / "deployment.yaml")
    write_kptfile(sub)
    write_kptfile(package, mutator([FUNCTION], config_path="otel.yaml"))
    kpt.render(package).ok()
    assert container(package, "sub/deployment.yaml")["env"] == injection(
        "hello", "function", key="greet", rate="0.01", workload="Deployment/hello"
    )


def test_generated_objects_go_into_the_subpackage_of_their_class(kpt: Kpt, package: Path) -> None:
    """Beside the class, in the package whose pipeline it is not; and they stay there."""
    sub = package / "sub"
    sub.mkdir()
    write_kptfile(sub)
    for name in ("class.yaml", "deployment.yaml"):
        (package / name).rename(sub / name)
    config = yaml.safe_load((package / "otel.yaml").read_text())
    config["spec"]["collector"] = {"mode": "deployment", "exporters": {"traces": "http://tempo:4317"}}
    (package / "otel.yaml").write_text(yaml.safe_dump(config))
    write_kptfile(package, mutator([FUNCTION], config_path="otel.yaml"))
    before = set(read_tree(package))
    kpt.render(package).ok()
    rendered = read_tree(package)
    assert set(rendered) - before == {"sub/hello-otel.yaml"}
    found = [one for one in yaml.safe_load_all(rendered["sub/hello-otel.yaml"]) if one]
    assert {one["kind"] for one in found} >= {"ConfigMap", "Deployment", "Service"}
    assert not any("internal.config" in key for one in found for key in one["metadata"]["annotations"])
    kpt.render(package).ok()
    assert read_tree(package) == rendered


def test_a_validator_may_be_the_same_function(kpt: Kpt, package: Path) -> None:
    """`validate -` writes results and no items; kpt wants items even from a validator, so it is the function itself."""
    write_kptfile(package)
    with (package / "Kptfile").open("a") as file:
        file.write(f"pipeline:\n  validators:\n    - exec: {FUNCTION}\n")
    (package / "class.yaml").write_text(CLASS.replace("team: core", "a=b: core"))
    before = read_tree(package)
    answer = kpt.render(package)
    assert (answer.code, read_tree(package)) == (1, before)
    assert "must be a key of printable ASCII" in answer.stderr


def _without(tree: dict[str, bytes], names: set[str]) -> dict[str, bytes]:
    return {name: data for name, data in tree.items() if name not in names}


# ------------------------------------------------------------------------------------------------ results

FAULTY = CLASS.replace("    telemetry:\n", "    telemetry:\n      sampling_rat: 0.2\n").replace("kind", "# one\nkind")


def without_conditions(results: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The results but for what the class's telemetry comes to as a whole."""
    return [one for one in results if one["tags"]["code"] != "telemetry-configured"]


def faults_in(folder: Path) -> list[dict[str, Any]]:
    return without_conditions(read_results(folder))


def evaluate(kpt: Kpt, package: Path, results: Path) -> Answer:
    return kpt.eval(package, [FUNCTION], results=results)


def render(kpt: Kpt, package: Path, results: Path) -> Answer:
    write_kptfile(package, mutator([FUNCTION], config_path="otel.yaml"))
    return kpt.render(package, results=results)


@pytest.mark.parametrize("way", [evaluate, render])
def test_an_error_harms_no_file_and_is_shown(kpt: Kpt, package: Path, tmp_path: Path, way: Any) -> None:
    """All of it comes through kpt: message, severity, resource, field with both values, file."""
    (package / "class.yaml").write_text(FAULTY)
    write_kptfile(package, mutator([FUNCTION], config_path="otel.yaml"))
    before = read_tree(package)
    answer = way(kpt, package, tmp_path / "results")
    assert answer.code == 1
    assert read_tree(package) == before
    assert "[FAIL]" in answer.stderr
    assert "sampling_rat is not a known field" in answer.stderr
    [result] = faults_in(tmp_path / "results")
    assert result.pop("message") == "telemetry.sampling_rat is not a known field: write sampling_rate"
    assert result == {
        "severity": "error",
        "resourceRef": {
            "apiVersion": "oaas.io/v1alpha1",
            "kind": "ClassRuntime",
            "name": "hello",
            "namespace": "shop",
        },
        "field": {
            "path": "spec.observability.telemetry.sampling_rat",
            "currentValue": "sampling_rat",
            "proposedValue": "sampling_rate",
        },
        "file": {"path": "class.yaml"},
        "tags": {"code": "unknown-field"},
    }


def test_an_error_is_seen_even_where_kpt_truncates(kpt: Kpt, package: Path) -> None:
    """kpt shows four lines of what many workloads have to say; results stand before them."""
    for number in range(9):
        (package / f"other-{number}.yaml").write_text(DEPLOYMENT.replace("name: hello", f"name: other-{number}"))
    (package / "class.yaml").write_text(FAULTY)
    answer = kpt.eval(package, [FUNCTION, "-v"], flags=["--truncate-output=true"])
    assert answer.code == 1
    assert "line(s) truncated" in answer.stderr
    assert "sampling_rat is not a known field" in answer.stderr


def test_all_of_stderr_is_there_without_truncation(kpt: Kpt, package: Path, tmp_path: Path) -> None:
    for number in range(9):
        (package / f"other-{number}.yaml").write_text(DEPLOYMENT.replace("name: hello", f"name: other-{number}"))
    answer = kpt.eval(package, [FUNCTION, "-v"], results=tmp_path / "results").ok()
    stderr = yaml.safe_load((tmp_path / "results" / "results.yaml").read_text())["items"][0]["stderr"].splitlines()
    skipped = [f"Deployment/other-{number} skipped (no class) in shop" for number in range(9)]
    assert {"Deployment/hello injected in shop", *skipped} <= set(stderr)
    assert stderr[-1] == "krm-otel: 1 class; 10 workloads: 1 injected, 9 skipped (no class)"
    assert all(line in answer.stderr for line in stderr)


def test_results_say_what_was_found_and_index_the_file(kpt: Kpt, package: Path, tmp_path: Path) -> None:
    """The second object of a file has index 1. A second run finds the same."""
    own = "          env:\n            - name: OTEL_SERVICE_NAME\n              value: mine\n"
    both = (
        DEPLOYMENT.replace("name: hello", "name: other")
        + "---\n"
        + DEPLOYMENT.replace("          # res", own + "          # res")
    )
    (package / "deployment.yaml").write_text(both)
    found = []
    for run in ("first", "second"):
        kpt.eval(package, [FUNCTION], results=tmp_path / run).ok()
        found.append(read_results(tmp_path / run))
    assert found[0] == found[1]
    [result] = without_conditions(found[0])
    assert result["severity"] == "info"
    assert result["message"] == "OTEL_SERVICE_NAME is set in the manifest and is kept as it is"
    assert result["file"] == {"path": "deployment.yaml", "index": 1}
    assert result["field"] == {"path": "spec.template.spec.containers[0].env[0]"}


def test_two_configs_in_a_package_are_an_error(kpt: Kpt, package: Path, tmp_path: Path) -> None:
    (package / "second.yaml").write_text(CONFIG.replace("name: otel", "name: second"))
    before = read_tree(package)
    answer = kpt.eval(package, [FUNCTION], results=tmp_path / "results")
    assert (answer.code, read_tree(package)) == (1, before)
    [result] = faults_in(tmp_path / "results")
    assert (result["tags"]["code"], result["file"]["path"]) == ("config-twice", "second.yaml")
    assert "otel.yaml" in result["message"] and "second.yaml" in result["message"]


# ------------------------------------------------------------------------------------------ source and sink


@pytest.mark.parametrize("function", [[FUNCTION], [FUNCTION, "render", "-"]], ids=["function", "render"])
def test_source_function_sink(kpt: Kpt, package: Path, tmp_path: Path, function: Command) -> None:
    kpt.pipe(package, function, tmp_path / "ours").ok()
    kpt.pipe(package, CAT, tmp_path / "plain").ok()
    plain, ours = read_tree(tmp_path / "plain"), read_tree(tmp_path / "ours")
    lines = {name: compare(plain[name], ours[name]) for name in plain}
    assert all((diff.gone, diff.not_ours) == ([], []) for diff in lines.values())
    assert container(tmp_path / "ours")["env"] == injection(
        "hello", "function", key="greet", rate="0.01", workload="Deployment/hello"
    )
