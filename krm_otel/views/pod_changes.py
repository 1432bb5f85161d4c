"""What a run changes in one workload, in the words of people who review it: variables, containers, pods, requests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any, Final

from krm_otel.config.settings import Configuration
from krm_otel.config.types import quantity
from krm_otel.dataclass import dataclass
from krm_otel.diagnostics.result import Ref
from krm_otel.krm.resource import Resource
from krm_otel.workloads.containers import UNNAMED
from krm_otel.workloads.kinds import KindInfo, kind_info
from krm_otel.yamltext.nodes import SourceError
from krm_otel.yamltext.query import decode

RESOURCES: Final = ("cpu", "memory")
_LISTS: Final = ("initContainers", "containers")


@dataclass(frozen=True, slots=True)
class PodChanges:
    """The changes of the pods of one workload.

    Args:
        parts: what changes in them, each as a few words.
        pods: what happens to the pods that run: `roll`, `stay`, ….
        requests: resource → how much more its pods request together.
        replicas: how many pods that is for; 0: a number that the cluster decides, so `requests` are for one.
    """

    parts: tuple[str, ...]
    pods: str
    requests: Mapping[str, Fraction]
    replicas: int

    @classmethod
    def of(
        cls, ref: Ref, old: Resource | None, new: Resource | Mapping[str, Any] | None, configuration: Configuration
    ) -> PodChanges | None:
        """The changes between two states of an object; None where it goes, has no pods, or cannot be decoded.

        Args:
            ref: the object.
            old: the object as it is; None for a new one.
            new: the object as it would be, read from its text or as plain data; None: it is removed.
            configuration: it may list further kinds.
        """
        kind = kind_info(ref.api_version, ref.kind, configuration)
        if kind is None or new is None:
            return None
        try:
            before = decode(old.root) if old else {}
            after = decode(new.root) if isinstance(new, Resource) else new
        except SourceError:
            return None
        templates = [_at(data, kind.template_path) for data in (before, after)]
        replicas = _replicas(after, ref.kind, kind)
        specs = [_mapping(template.get("spec")) for template in templates]
        requests = _requests(specs[1])
        for resource, amount in _requests(specs[0]).items():
            requests[resource] -= amount
        more = {name: amount * max(replicas, 1) for name, amount in requests.items() if amount}
        pods = "new" if old is None else _pods(kind, ref.kind) if templates[0] != templates[1] else "stay"
        return cls(tuple(_parts(*specs)), pods, more, replicas)


def _parts(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    """What changes in a pod spec: variables by container, containers, volumes."""
    before, after = _containers(old), _containers(new)
    for name, container in after.items():
        if name not in before:
            yield f"container `{name}` is added"
        else:
            yield from _variables(name, before[name], container)
    yield from (f"container `{name}` is removed" for name in before if name not in after)


def _variables(name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    before, after = _named(old.get("env")), _named(new.get("env"))
    changed = [key for key in after if key in before and after[key] != before[key]]
    for verb, keys in (
        ("added", [key for key in after if key not in before]),
        ("changed", changed),
        ("removed", [key for key in before if key not in after]),
    ):
        if keys:
            names = f"{len(keys)} variables" if verb == "added" else ", ".join(f"`{key}`" for key in keys)
            yield f"`{name}`: {names} {verb}"
    if others := [key for key in {**old, **new} if key != "env" and old.get(key) != new.get(key)]:
        yield f"`{name}`: {', '.join(f'`{key}`' for key in others)} changed"


def _pods(kind: KindInfo, name: str) -> str:
    """What becomes of the pods that run, once their template is another one."""
    if kind.immutable:
        return f"replace the {name} first"
    if kind.ends:
        return "at its next run"
    return "a new revision" if kind.knative else "by hand" if name == "ReplicaSet" else "roll"


def _replicas(data: Any, name: str, kind: KindInfo) -> int:
    """How many pods there are; 0 where the cluster decides."""
    if kind.knative or name == "DaemonSet":
        return 0
    count = _mapping(_mapping(data).get("spec")).get("replicas", 1)
    return count if isinstance(count, int) and not isinstance(count, bool) and count >= 0 else 1


def _requests(spec: Mapping[str, Any]) -> dict[str, Fraction]:
    """What the containers of a pod request together; init containers count only where they go on running."""
    total = dict.fromkeys(RESOURCES, Fraction(0))
    for container in _containers(spec, running=True).values():
        requests = _mapping(_mapping(container.get("resources")).get("requests"))
        for resource in RESOURCES:
            total[resource] += quantity.parse(str(requests.get(resource, 0))) or 0
    return total


def _containers(spec: Mapping[str, Any], *, running: bool = False) -> dict[str, Mapping[str, Any]]:
    containers: dict[str, Mapping[str, Any]] = {}
    for key in _LISTS:
        by_name = _named(spec.get(key), UNNAMED)
        if running and key == "initContainers":
            by_name = {name: entry for name, entry in by_name.items() if entry.get("restartPolicy") == "Always"}
        containers |= by_name
    return containers


def _named(entries: Any, nameless: str = "") -> dict[str, Mapping[str, Any]]:
    """The entries of a list by their names."""
    entries = entries if isinstance(entries, list) else []
    return {str(entry.get("name") or nameless): entry for entry in entries if isinstance(entry, dict)}


def _at(data: Any, path: tuple[str, ...]) -> Mapping[str, Any]:
    for key in path:
        data = _mapping(data).get(key)
    return _mapping(data)


def _mapping(data: Any) -> Mapping[str, Any]:
    return data if isinstance(data, dict) else {}
