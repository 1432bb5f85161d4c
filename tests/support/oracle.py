"""What a text means and what an injection changes, by a reader that shares no code with the engine: PyYAML's own
composer and constructor, every scalar as text."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from typing import Any

import yaml

RECORD = "oaas.io/otel-injected"
ATTRIBUTES = "OTEL_RESOURCE_ATTRIBUTES"
DOWNWARD = ("OAAS_OTEL_NAMESPACE", "OAAS_OTEL_POD_NAME", "OAAS_OTEL_POD_UID", "OAAS_OTEL_NODE_NAME")
VARIABLES = (
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_PROTOCOL",
    "OTEL_EXPORTER_OTLP_HEADERS",
    "OTEL_EXPORTER_OTLP_CERTIFICATE",
    "OTEL_TRACES_EXPORTER",
    "OTEL_METRICS_EXPORTER",
    "OTEL_LOGS_EXPORTER",
    "OTEL_TRACES_SAMPLER",
    "OTEL_TRACES_SAMPLER_ARG",
    "OTEL_PROPAGATORS",
    "OTEL_SERVICE_NAME",
    "OTEL_RESOURCE_ATTRIBUTES",
)
OF_THE_CRM = ("OTEL_TRACES_ENABLED", "OTEL_LOGS_ENABLED", "OPRC_SERVICE_NAME")
"""What upstream's CRM writes besides, and what is taken over with the rest."""
SECURED = ("OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_CERTIFICATE")
HEADER = "OAAS_OTEL_HEADER_AUTHORIZATION"
OF_SIGNALS = re.compile(
    r"OTEL_EXPORTER_OTLP_(TRACES|METRICS|LOGS)_(PROTOCOL|HEADERS|CERTIFICATE)|OAAS_OTEL_(TRACES|METRICS|LOGS)_HEADER_\w+"
)
"""What comes where the user sends one signal elsewhere."""
FIXED = {
    "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc",
    "OTEL_TRACES_EXPORTER": "otlp",
    "OTEL_METRICS_EXPORTER": "otlp",
    "OTEL_LOGS_EXPORTER": "none",
    "OTEL_TRACES_SAMPLER": "parentbased_traceidratio",
    "OTEL_TRACES_SAMPLER_ARG": "0.1",
    "OTEL_PROPAGATORS": "tracecontext,baggage",
}


_SURROGATE_PAIR = re.compile(r"\\u[dD][89abAB]\w\w\\u[dD][c-fC-F]\w\w")


def read(text: str) -> Any:
    """One document as plain data."""
    if text.lstrip()[:1] == "{":
        try:
            return _as_text(json.loads(text, parse_int=str, parse_float=str, parse_constant=str))
        except ValueError:
            pass  # YAML's flow style
    return yaml.load(text, Loader=yaml.CBaseLoader)


def _as_text(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: _as_text(value) for key, value in data.items()}
    if isinstance(data, list):
        return [_as_text(value) for value in data]
    return data if isinstance(data, str) else json.dumps(data)


def pod_path(data: Any) -> tuple[str, ...]:
    """The path of the pod spec of an object."""
    path = {"Pod": (), "CronJob": ("spec", "jobTemplate", "spec", "template")}.get(data["kind"], ("spec", "template"))
    return (*path, "spec")


def assert_injected(before: str, after: str, class_name: str, endpoint: str, *, secured: bool = False) -> None:
    """The object means what it meant, plus the injection, of which every variable, volume and mount is accounted for.

    Args:
        before: the object's text in the input.
        after: the same in the output.
        class_name: the class it belongs to; telemetry is at its defaults, with propagators [w3c].
        endpoint: the OTLP endpoint.
        secured: whether the endpoint has one header, from a Secret, and a CA certificate.
    """
    old, new = read(before), read(after)
    annotations = new["metadata"]["annotations"]
    record = json.loads(annotations.pop(RECORD))
    assert record["class"] == class_name
    assert annotations == _or({}, old["metadata"].get("annotations"))
    _level(old["metadata"], new["metadata"], "annotations")
    fields = new["kind"] not in ("Service", "Configuration")
    old_pod, new_pod = _at(old, pod_path(old)), _at(new, pod_path(new))
    mounted = False
    numbers = (f"-{number}" for number in itertools.count())
    assert len(old_pod["containers"]) == len(new_pod["containers"])
    for theirs, ours in zip(old_pod["containers"], new_pod["containers"], strict=True):
        name = ours.get("name") or f"user-container{next(numbers) if len(new_pod['containers']) > 1 else ''}"
        if name not in record["containers"]:
            assert theirs == ours
            continue
        _assert_env(_or([], theirs.get("env")), _or([], ours.get("env")), f"{class_name}-{name}", endpoint, fields)
        added = {entry["name"] for entry in _or([], ours.get("env"))[len(_or([], theirs.get("env"))) :]}
        has = {entry["name"] for entry in _or([], theirs.get("env"))}
        assert (HEADER in added) == ("OTEL_EXPORTER_OTLP_HEADERS" in added and HEADER not in has)
        mounts, own_mounts = _or([], ours.get("volumeMounts")), _or([], theirs.get("volumeMounts"))
        assert mounts[: len(own_mounts)] == own_mounts
        if not any(name.endswith("_CERTIFICATE") for name in added):
            assert mounts == own_mounts
        else:
            mounted = True
            assert mounts[len(own_mounts) :] == [
                {"name": "oaas-otel-tls", "mountPath": "/etc/oaas-otel/tls", "readOnly": "true"}
            ]
        _level(theirs, ours, "env", "volumeMounts")
        if not has & {*VARIABLES, *DOWNWARD, HEADER} and not any(n.startswith("OTEL_") for n in has):
            expected = [v for v in VARIABLES if secured or v not in SECURED]
            assert [n for n in added if n.startswith("OTEL_")] and added >= set(expected)
            helpers = {*(DOWNWARD if fields else ()), *((HEADER,) if secured else ())}
            assert added == {*expected, *helpers}
    if mounted:
        volumes, own_volumes = _or([], new_pod["volumes"]), _or([], old_pod.get("volumes"))
        assert volumes[: len(own_volumes)] == own_volumes
        assert [volume["name"] for volume in volumes[len(own_volumes) :]] == ["oaas-otel-tls"]
        _level(old_pod, new_pod, "volumes")
    assert list(new) == list(old)
    assert new == old, "something else changed"


def _assert_env(old: list[Any], new: list[Any], service: str, endpoint: str, fields: bool) -> None:
    assert len(new) >= len(old)
    for theirs, ours in zip(old, new, strict=False):
        if theirs != ours:
            assert theirs["name"] == ATTRIBUTES and {**theirs, "value": ours["value"]} == ours
            own = _or("", theirs["value"]).rstrip().rstrip(",")
            assert ours["value"].startswith(own) and len(ours["value"]) > len(own)
    added = {entry["name"]: entry for entry in new[len(old) :]}
    assert len(added) == len(new) - len(old), "a variable is injected twice"
    assert not added.keys() & {entry["name"] for entry in old}, "a variable of the user's is injected again"
    known = {*VARIABLES, *(DOWNWARD if fields else ()), HEADER}
    assert all(OF_SIGNALS.fullmatch(name) for name in added.keys() - known), added.keys() - known
    has = {entry["name"] for entry in old}
    for name, value in FIXED.items():
        if name in added and not any(other.startswith("OTEL_EXPORTER_OTLP_") for other in has):
            assert added[name] == {"name": name, "value": value}
    if "OTEL_SERVICE_NAME" in added:
        assert added["OTEL_SERVICE_NAME"]["value"] == service
    if "OTEL_EXPORTER_OTLP_ENDPOINT" in added and "OTEL_EXPORTER_OTLP_PROTOCOL" not in has:
        assert added["OTEL_EXPORTER_OTLP_ENDPOINT"]["value"] == endpoint
    order = list(added)
    for name, entry in added.items():
        for helper in (*DOWNWARD, HEADER):
            if f"$({helper})" in entry.get("value", "") and helper in added:
                assert order.index(helper) < order.index(name), "a reference stands before what it refers to"


def _or(default: Any, value: Any) -> Any:
    """The value, or the default where it is absent, null or empty."""
    return default if value in (None, "", "null", "~", "Null", [], {}) else value


def _level(old: Any, new: Any, *keys: str) -> None:
    """Takes keys that were checked out of both."""
    assert [k for k in new if k in old] == list(old), "keys are reordered"
    for key in keys:
        old.pop(key, None)
        new.pop(key, None)


def _at(data: Any, path: tuple[str, ...]) -> Any:
    for step in path:
        data = data[step]
    return data


# --- lines -------------------------------------------------------------------------------------------------------


def assert_lines_kept(before: str, after: str, *, adopt: bool = False) -> None:
    """No line of an object disappears, changes or moves, but those of a merged value, of one that was taken over, and
    of a flow, empty or null value that had to be opened."""
    free = _free_lines(before, {ATTRIBUTES, *((*VARIABLES, *OF_THE_CRM) if adopt else ())})
    lines, rest = before.split("\n"), iter(after.split("\n"))
    while not lines[-1].strip(" \r"):
        lines.pop()  # between objects
    for number, line in enumerate(lines):
        ending = "\r" if number + 1 == len(lines) else ""  # the last one may have had no line break before
        if number not in free:
            found = any(line.removesuffix(ending) == candidate.removesuffix(ending) for candidate in rest)
            assert found, f"line {number + 1} is lost: {line!r}"


def _free_lines(text: str, names: set[str]) -> set[int]:
    root: Any
    # libyaml refuses JSON's surrogate pairs; what they stand for does not matter here.
    try:
        root = yaml.compose(_SURROGATE_PAIR.sub("x" * 12, text), Loader=yaml.CBaseLoader)
    except yaml.composer.ComposerError:
        return set(range(text.count("\n") + 1))  # an anchor that stands twice, which only this reader minds
    free: set[int] = set()
    *template, _ = pod = pod_path({"kind": [v.value for k, v in root.value if k.value == "kind"][-1]})
    chains = [("metadata", "annotations"), *((*template, "metadata", key) for key in ("annotations", "labels"))]
    chains += [(*pod, "volumes"), (*pod, "initContainers")]
    lists = ("containers", "initContainers")
    chains += [(*pod, name, "*", key) for name in lists for key in ("env", "volumeMounts", "ports")]
    for chain in chains:
        for nodes in _chains(root, chain):
            for step, node in nodes:
                if isinstance(node, yaml.CollectionNode) and (node.flow_style or not node.value):
                    free |= _span(text, node, node)
                elif isinstance(node, yaml.ScalarNode) and node.value == "~":
                    free |= _span(text, step, node)
            key, last = nodes[-1]
            if len(nodes) <= len(chain):
                continue
            if isinstance(last, yaml.ScalarNode):
                free |= _span(text, key, last)
            elif chain[-1] == "env":
                for entry in last.value:
                    pairs = {k.value: (k, v) for k, v in entry.value if isinstance(k, yaml.ScalarNode)}
                    if pairs["name"][1].value in names and "value" in pairs:
                        free |= _span(text, *pairs["value"])
    return free


def _chains(node: Any, path: tuple[str, ...]) -> Iterator[list[tuple[Any, Any]]]:
    """(key, value) for every step of the path as far as it leads, the root first; one for every way that fits it."""
    yield from _ways([(node, node)], path)


def _ways(way: list[tuple[Any, Any]], path: tuple[str, ...]) -> Iterator[list[tuple[Any, Any]]]:
    node = way[-1][1]
    steps: list[tuple[Any, Any]] = []
    if path and path[0] == "*" and isinstance(node, yaml.SequenceNode):
        steps = [(item, item) for item in node.value]
    elif path and isinstance(node, yaml.MappingNode):
        steps = [(key, value) for key, value in node.value if key.value == path[0]]
    for step in steps:
        yield from _ways([*way, step], path[1:])
    if not steps:
        yield way


def _span(text: str, first: Any, last: Any) -> set[int]:
    start = text.count("\n", 0, first.start_mark.index)
    return set(range(start, text.count("\n", 0, max(first.end_mark.index, last.end_mark.index)) + 1))
