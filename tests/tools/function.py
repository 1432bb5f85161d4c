"""krm-otel as the clients run it, and what it may have done to a package."""

from __future__ import annotations

import difflib
import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

FUNCTION = Path(sys.executable).with_name("krm-otel")
"""The installed console script, beside the interpreter that runs the tests."""
UNINJECT = (FUNCTION, "uninject", "-")
CAT = ("cat",)

DATA = Path(__file__).parent / "data"
ENDPOINT = "http://otel-collector.observability:4317"
RECORD = "oaas.io/otel-injected"

Manifest = dict[str, Any]

# --------------------------------------------------------------------------------------------- text

_OURS = re.compile(
    r"""\ *(-\ )?(
        env: | annotations: | oaas\.io/otel-injected:\ \|- | [{},\]]?[{},"\[].*["\]{}:] # the lines of the record
        | name:\ (OTEL|OAAS_OTEL|OPRC)_[A-Z_]+ | value:\ ".*"
        | valueFrom:\ \{fieldRef:\ \{fieldPath:\ [a-z]+\.\w+\}\} | valueFrom: | fieldRef: | fieldPath:\ [a-z]+\.\w+
    )""",
    re.VERBOSE,
)


class Lines(NamedTuple):
    """The difference of two texts: lines of the first that are gone, and lines of the second that are new."""

    gone: list[str]
    new: list[str]

    @property
    def not_ours(self) -> list[str]:
        """New lines that do not look like an injection: opened and merged ones."""
        return [line for line in self.new if not _OURS.fullmatch(line)]


def compare(before: bytes, after: bytes) -> Lines:
    old, new = before.decode().splitlines(), after.decode().splitlines()
    lines = Lines([], [])
    for tag, i, j, k, m in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag != "equal":
            lines.gone.extend(old[i:j])
            lines.new.extend(new[k:m])
    return lines


def patch(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> str:
    """The unified diff of two folders."""
    pieces: list[str] = []
    for name in sorted({*before, *after}):
        old, new = (tree.get(name, b"").decode().splitlines(keepends=True) for tree in (before, after))
        pieces += difflib.unified_diff(old, new, f"a/{name}", f"b/{name}")
    return "".join(pieces)


# --------------------------------------------------------------------------------------------- data


def manifests(stream: bytes) -> list[Manifest]:
    """The objects of a stream, decoded. `=` and dates are texts: only their equality matters."""
    return [document for document in yaml.load_all(stream, yaml.BaseLoader) if document]


def injected(stream: Iterable[Manifest]) -> dict[str, list[str]]:
    """`Kind/name` → names of the containers that have an endpoint; every workload is listed."""
    found = {}
    for manifest in stream:
        containers = manifest.get("spec", {}).get("template", {}).get("spec", {}).get("containers")
        if containers is not None:
            name = f"{manifest['kind']}/{manifest['metadata']['name']}"
            found[name] = [c.get("name", "") for c in containers if "OTEL_EXPORTER_OTLP_ENDPOINT" in environment(c)]
    return found


def environment(container: Manifest) -> dict[str, Any]:
    """Name → value, or the mapping of valueFrom, of a container's variables."""
    entries = container.get("env") or []
    found = {entry["name"]: entry.get("value", entry.get("valueFrom")) for entry in entries}
    assert len(found) == len(entries), f"a variable stands twice: {entries}"
    return found


_HELPERS = {
    "OAAS_OTEL_NAMESPACE": "metadata.namespace",
    "OAAS_OTEL_POD_NAME": "metadata.name",
    "OAAS_OTEL_POD_UID": "metadata.uid",
    "OAAS_OTEL_NODE_NAME": "spec.nodeName",
}


def injection(
    oaas_class: str,
    container: str,
    *,
    key: str | None = None,
    namespace: str | None = None,
    rate: str = "0.05",
    attributes: str = "team=core",
    downward: bool = True,
    workload: str = "",
) -> list[Manifest]:
    """The whole injection into one container, in its order; by the contract (design, 2.6), not by the code.

    Args:
        oaas_class: the class's name.
        container: the container's name.
        key: the function that it runs.
        namespace: of a workload without the downward API, if it is known.
        rate: the sampling rate, as text.
        attributes: the configured attributes.
        downward: whether the kind allows the downward API.
        workload: kind and name, where the conventions have an attribute for the kind: `Deployment/hello`.
    """
    kind, _, name_of_workload = workload.partition("/")
    helpers: list[Manifest] = []
    space = namespace
    if downward:
        helpers = [{"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}} for name, path in _HELPERS.items()]
        space = "$(OAAS_OTEL_NAMESPACE)"
    known = [
        f"deployment.name={oaas_class}",
        f"service.namespace={space}" if space else "",
        f"service.instance.id={space}.$(OAAS_OTEL_POD_NAME).{container}" if downward else "",
        f"oaas.class={oaas_class}",
        f"oaas.function_key={key}" if key else "",
        f"k8s.namespace.name={space}" if space else "",
        f"k8s.{kind.lower()}.name={name_of_workload}" if workload else "",
        "k8s.pod.name=$(OAAS_OTEL_POD_NAME)" if downward else "",
        "k8s.pod.uid=$(OAAS_OTEL_POD_UID)" if downward else "",
        "k8s.node.name=$(OAAS_OTEL_NODE_NAME)" if downward else "",
        f"k8s.container.name={container}",
        attributes,
    ]
    is_store = container == "odgm"  # it reads what upstream's services read
    switches = {"OTEL_TRACES_ENABLED": "true", "OTEL_LOGS_ENABLED": "false"} if is_store else {}
    name = f"{oaas_class}-{container}"
    values = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": ENDPOINT,
        "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc",
        "OTEL_TRACES_EXPORTER": "otlp",
        "OTEL_METRICS_EXPORTER": "otlp",
        "OTEL_LOGS_EXPORTER": "none",
        **switches,
        "OTEL_TRACES_SAMPLER": "traceidratio" if is_store else "parentbased_traceidratio",
        "OTEL_TRACES_SAMPLER_ARG": rate,
        "OTEL_PROPAGATORS": "tracecontext,baggage",
        "OTEL_SERVICE_NAME": name,
        **({"OPRC_SERVICE_NAME": name} if is_store else {}),
        "OTEL_RESOURCE_ATTRIBUTES": ",".join(filter(None, known)),
    }
    return [*helpers, *({"name": name, "value": value} for name, value in values.items())]
