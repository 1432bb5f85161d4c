"""What a record may claim: nothing but what krm-otel writes.

A record says which lines to take out, and which texts to put back. Whoever writes a manifest can write one, so that a
record which claims anything else is refused, and the object stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from krm_otel import conditions, names
from krm_otel.collector.naming import CONTAINER
from krm_otel.config.types.sdk_variables import PREFIXES
from krm_otel.diagnostics.field_path import field_path
from krm_otel.diagnostics.result import Ref, Result
from krm_otel.diagnostics.rule import Location
from krm_otel.diagnostics.rules import workloads as rules
from krm_otel.inject.patch.additions import Place
from krm_otel.inject.patch.ownership import InjectedObject, injected_entries, name_of
from krm_otel.inject.patch.record import ContainerRecord, StatusRecord, load
from krm_otel.workloads.containers import UNNAMED
from krm_otel.workloads.kinds import Workload
from krm_otel.yamltext.nodes import Mapping, Node, Scalar, Sequence
from krm_otel.yamltext.query import is_null, items_of, lookup, text_of
from krm_otel.yamltext.verify import value_from_text

Entry = Callable[[Node], bool]


def _is_collector(entry: Node) -> bool:
    return name_of(entry) == CONTAINER


def _is_volume(entry: Node) -> bool:
    return name_of(entry).startswith(names.VOLUME_PREFIX)


def _has_only(*keys: str) -> Entry:
    return lambda entry: isinstance(entry, Mapping) and all(text_of(key) in keys for key, _ in entry.pairs)


_POD_LISTS: Final[dict[str, Entry]] = {
    "containers": _is_collector,
    "initContainers": _is_collector,
    "volumes": _is_volume,
    "imagePullSecrets": _has_only("name"),
}
"""List of a pod's spec → whether krm-otel can have written an entry of it."""
_CONTAINER_LISTS: Final[dict[str, Entry]] = {
    "volumeMounts": _is_volume,
    "ports": _has_only("containerPort", "protocol"),
}
_TEMPLATE: Final = {
    "labels": names.TEMPLATE_MEMBERS,
    "annotations": names.TEMPLATE_MEMBERS
    | {names.A_INJECT_SDK, names.A_CONTAINER_NAMES, names.A_SIDECAR, f"{names.A_RESOURCE_PREFIX}service.name"},
}


def injected_object(workload: Workload, text: str) -> InjectedObject | Result | None:
    """A workload with this text and its record; None without one, and an error where it is not to be used."""
    resource = workload.resource
    annotation = resource.annotations.get(names.A_RECORD)
    if annotation is None:
        return None
    record = load(annotation)
    if record is None:
        return _unreadable(resource.ref, "cannot be read")
    injected = InjectedObject(text, resource.root, record, workload.pod_path, workload.container_names)
    foreign = next(_claims(injected), None)
    return _unreadable(resource.ref, f"claims {foreign}, which krm-otel does not write") if foreign else injected


def _unreadable(ref: Ref, why: str) -> Result:
    where = Location(ref, field_path("metadata", "annotations", names.A_RECORD))
    fix = "restore the annotation, or remove it together with what was injected"
    return rules.RECORD_UNREADABLE.at(where, f"the record of the injection {why}", fix=fix)


def foreign_claim_of_status(root: Mapping, record: StatusRecord) -> str | None:
    """The first thing that the record of a ClassRuntime claims and that krm-otel does not write; None without one."""
    from krm_otel.inject.status import CONDITIONS, REFS

    node = lookup(root, "status", CONDITIONS)
    for i in injected_entries(node, record.conditions):
        if (kind := text_of(lookup(items_of(node)[i], "type"))) not in conditions.TYPES:
            return f"the condition {kind}"
    foreign = [kind for kind in (*record.replaced, *record.added) if kind not in conditions.TYPES]
    if foreign:
        return f"the condition {foreign[0]}"
    refs = lookup(root, "status", REFS)
    is_ref = _has_only("kind", "name")
    return None if all(is_ref(items_of(refs)[i]) for i in injected_entries(refs, record.refs)) else f"status.{REFS}"


def _claims(injected: InjectedObject) -> Iterator[str]:
    record = injected.record
    yield from _texts("", record.opened)
    for kind, members in record.template.items():
        yield from (f"{key} in {kind}" for key in members if key not in _TEMPLATE.get(kind, ()))
    yield from _lists(injected, injected.pod, record.lists, _POD_LISTS)
    for name, container in record.containers.items():
        yield from _texts(f"{name}: ", container.opened)
        if "name" in container.opened and name != UNNAMED:
            yield f"the name of the container {name}"
    for place, container in injected.containers():
        yield from _variables(injected, place, container)
        yield from _lists(injected, (*injected.pod, *place), container.lists, _CONTAINER_LISTS)


def _variables(injected: InjectedObject, place: Place, container: ContainerRecord) -> Iterator[str]:
    """An SDK profile may name any variable, also one that is not in the input any more; but it writes plain text."""
    if all(name.startswith((*PREFIXES, names.HELPER_PREFIX)) for name in container.env):
        return
    env = injected.env(place)
    for item in (env[i] for i in injected.own_variables(place, container)):
        name = name_of(item)
        is_known = name.startswith((*PREFIXES, names.HELPER_PREFIX))
        if not is_known and not isinstance(lookup(item, "value"), Scalar):
            yield f"the variable {name}"


def _lists(
    injected: InjectedObject, path: tuple[str | int, ...], lists: dict[str, list[str]], known: dict[str, Entry]
) -> Iterator[str]:
    for key, digests in lists.items():
        if key not in known:
            yield f"the list {key}"
            continue
        node = lookup(injected.root, *path, key)
        for i in injected_entries(node, digests):
            entry = items_of(node)[i]
            if not known[key](entry):
                yield f"the entry {name_of(entry) or i} of {key}"


def _texts(where: str, opened: dict[str, str]) -> Iterator[str]:
    yield from (f"another text for {where}{key}" for key, text in opened.items() if not _is_empty_value(text))


def _is_empty_value(text: str) -> bool:
    """Whether a text is `new`, or `=` and what may stand behind a key with nothing in it: nothing, null, `[]`, `{}`."""
    if text == "new":
        return True
    node = value_from_text(text[1:]) if text[:1] == "=" else None
    return node is not None and (is_null(node) or _is_empty(node))


def _is_empty(node: Node) -> bool:
    return not (node.items if isinstance(node, Sequence) else node.pairs if isinstance(node, Mapping) else [node])
