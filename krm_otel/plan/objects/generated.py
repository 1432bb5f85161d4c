"""Generated objects: those that classes need, those that the input holds, and names that users' objects have already.

The state is in the manifests: an object is generated if it has the annotation `generated-by` of krm-otel and the labels
`oaas.io/owner` and `component=otel`. A user's object that merely has the name is never touched: that is an error.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from krm_otel import names
from krm_otel.collector.naming import label_value, owner_value
from krm_otel.config.settings import Configuration, Settings
from krm_otel.dataclass import dataclass
from krm_otel.diagnostics.result import Ref, Result
from krm_otel.diagnostics.rule import Location
from krm_otel.diagnostics.rules.collector import NAME_TAKEN, NAMESPACE_HALF
from krm_otel.krm.item import Item
from krm_otel.krm.resource import Resource
from krm_otel.plan.request import Request
from krm_otel.plan.summary import ClassSummary, Summaries
from krm_otel.yamltext.nodes import SourceError
from krm_otel.yamltext.query import decode

Key = tuple[str, str, str, str]
"""(API group, kind, namespace, name): what makes two manifests one object."""

Blocked = tuple[Ref, Result]
"""The owner of an object that cannot be generated (a class or the OTelConfig), and why it cannot."""

_ENDING: Final = len("-otel-config")


@dataclass(frozen=True, slots=True)
class DesiredObject:
    """An object that a class needs.

    Args:
        data: the object.
        owner: the class, or the OTelConfig.
        path: where kpt writes the object, next to the class; empty: kpt does not say where the class is.
        file: the same for plain files.
        package: the package that `path` starts in.
    """

    data: dict[str, Any]
    owner: Ref
    path: str = ""
    file: str = ""
    package: str = ""


@dataclass(frozen=True, slots=True)
class ExistingObject:
    """A generated object of the input."""

    item: Item
    resource: Resource

    @property
    def owner_label(self) -> str:
        """The value of its owner label, which may be a shortened form of the class's name."""
        return owner_value(self.resource.labels)

    @property
    def enabled_by(self) -> str:
        """What enabled its class, where that is not the ClassRuntime alone."""
        return self.resource.annotations.get(names.A_ENABLED_BY, "")

    def key(self, desired: Mapping[Key, DesiredObject]) -> Key | None:
        """Its key among the desired objects; None where it is not desired."""
        return next((key for key in keys_of(self.resource) if key in desired), None)

    def equals(self, desired: Mapping[str, Any]) -> bool:
        """Whether it is as desired, except for what kpt and kustomize add in transit."""
        try:
            data = decode(self.resource.root)
        except SourceError:
            return False
        annotations = data.get("metadata", {}).get("annotations", {})
        kept = {name: value for name, value in annotations.items() if not names.in_transit(name)}
        return bool({**data, "metadata": {**data["metadata"], "annotations": kept}} == desired)


def key_of(data: Mapping[str, Any]) -> Key:
    """The identity of plain data."""
    metadata = data["metadata"]
    return data["apiVersion"].rpartition("/")[0], data["kind"], metadata.get("namespace", ""), metadata["name"]


def ref_of(data: Mapping[str, Any]) -> Ref:
    """An object that is not in the input yet, as its change names it."""
    _, kind, namespace, name = key_of(data)
    return Ref(data["apiVersion"], kind, name, namespace)


def keys_of(resource: Resource) -> list[Key]:
    """The identities of an object of the input: by its name, and by the earlier names that kustomize recorded."""
    return [(resource.group, resource.kind, resource.namespace, name) for name in resource.names]


def existing_objects(items: Iterable[Item]) -> list[ExistingObject]:
    """The generated objects among the items."""
    return [
        ExistingObject(item, resource)
        for item in items
        if item.mentions(names.A_GENERATED_BY)
        and (resource := item.resource) is not None
        and is_generated_object(resource)
    ]


def is_generated_object(resource: Resource) -> bool:
    """Whether an object may be pruned: krm-otel generates its kind, and it has the annotation and both labels."""
    from krm_otel.collector.manifests.objects import KINDS

    return (
        (resource.group, resource.kind) in KINDS
        and resource.annotations.get(names.A_GENERATED_BY) == names.GENERATOR
        and not resource.labels.keys().isdisjoint((names.L_OWNER, names.L_OWNED_BY))
        and resource.labels.get(names.L_COMPONENT) == names.COMPONENT
    )


def name_collisions(
    items: Iterable[Item], desired: Mapping[Key, DesiredObject], existing: Sequence[ExistingObject]
) -> list[Blocked]:
    """The owners whose objects have the name of a user's object."""
    generated = {entry.item.position for entry in existing}
    # Composing an item is expensive. Desired names end alike, so a few words tell which items may have one of them;
    # only an escape could hide a name.
    endings: dict[tuple[str, str], set[str]] = {}
    for group, kind, _, name in desired:
        endings.setdefault((group, kind), {"\\"}).add(name_ending(name))
    blocked = []
    for item in items:
        words = endings.get((item.group, item.kind), ())
        if item.position in generated or not any(item.mentions(word) for word in words):
            continue
        resource = item.resource
        key = ExistingObject(item, resource).key(desired) if resource else None
        if resource is not None and key is not None:
            owner = desired[key].owner
            text = f"{owner} needs to generate {resource.kind} {resource.name}, and this one was not generated"
            fix = "rename it, or set collector.endpoint and keep your own collector"
            where = Location(resource.ref, "metadata.name")
            blocked.append((owner, NAME_TAKEN.at(where, text, fix=fix, current=resource.name)))
    return blocked


def name_ending(name: str) -> str:
    """The end that a generated name shares with most others."""
    return name[-_ENDING:]


def with_annotations(data: Mapping[str, Any], annotations: Mapping[str, str]) -> dict[str, Any]:
    """The object with further annotations."""
    metadata = data["metadata"]
    return {**data, "metadata": {**metadata, "annotations": {**metadata.get("annotations", {}), **annotations}}}


# --- what classes need -----------------------------------------------------------------------------------------------


def desired_objects(request: Request, summaries: Summaries) -> tuple[dict[Key, DesiredObject], list[Blocked]]:
    """The objects that the enabled classes need, and the classes that need an object of another class.

    A class without a workload gets the objects that workloads elsewhere can use: a collector behind a Service, and all
    that it has where kustomize generates.
    """
    desired: dict[Key, DesiredObject] = {}
    blocked: list[Blocked] = []
    items = {item.position: item for item in request.items}
    default = next((resource for item in request.items if (resource := item.resource)), None)
    for summary in summaries.values():
        oaas_class, settings = summary.oaas_class, summary.settings
        if settings is None or not oaas_class.enabled:
            continue
        has_service = settings.collector is not None and settings.collector.placement.has_service
        if not (summary.has_workload or request.generator or has_service):
            continue
        # The objects are written next to the class, or what configures it; otherwise next to a workload. A function
        # config need not be in the package, nor its file in the folder.
        neighbour = oaas_class.resource
        if neighbour is None or neighbour.position < 0:
            first = items[summary.first].resource if summary.first is not None else None
            neighbour = first or default
        for key, entry in _class_objects(summary, settings, request.configuration, neighbour).items():
            if (first_entry := desired.setdefault(key, entry)) is not entry:
                _, kind, _, name = key
                text = f"{first_entry.owner} and {entry.owner} both need to generate {kind} {name}"
                where = Location(entry.owner, "metadata.name")
                blocked.append((entry.owner, NAME_TAKEN.at(where, text, fix="rename one of them", current=name)))
    return desired, [*blocked, *_half_namespaced(desired)]


def _half_namespaced(desired: Mapping[Key, DesiredObject]) -> Iterator[Blocked]:
    """The owners of objects that fall together once an absent namespace is filled in, each once."""
    without = {(group, kind, name): entry for (group, kind, namespace, name), entry in desired.items() if not namespace}
    reported: set[Ref] = set()
    for (group, kind, namespace, name), entry in desired.items():
        other = without.get((group, kind, name))
        if namespace and other is not None and other.owner not in reported:
            reported.add(other.owner)
            text = (
                f"{other.owner} has no namespace, and its {kind} {name} would be that of {entry.owner} in namespace "
                f"{namespace}, once the namespace is filled in"
            )
            fix = f"write namespace: {namespace}, or another one"
            where = Location(other.owner, "metadata.namespace")
            yield other.owner, NAMESPACE_HALF.at(where, text, fix=fix, proposed=namespace)


def _class_objects(
    summary: ClassSummary, settings: Settings, configuration: Configuration, neighbour: Resource | None
) -> dict[Key, DesiredObject]:
    """The objects of one class, in a file next to the `neighbour`."""
    monitoring = configuration.monitoring
    if settings.collector is None and not (configuration.operator or monitoring.dashboards or monitoring.rules):
        return {}
    from krm_otel.plan.objects.assets import assets  # with all that generates objects
    from krm_otel.plan.objects.edits import digest

    oaas_class, wave = summary.oaas_class, summary.sync_wave
    annotations = {names.A_SYNC_WAVE: str(wave)} if wave else {}
    # A name that Kubernetes refuses may lead out of the folder, and be too long for a file.
    file_name = f"{label_value(oaas_class.name)}{'' if oaas_class.name == names.NODE_OWNER else '-otel'}.yaml"
    path = file = package = ""
    if neighbour is not None:
        path = _sibling(neighbour.annotations.get(names.A_PATH, ""), file_name)
        file = _sibling(neighbour.file, file_name)
        package = neighbour.annotations.get(names.A_PACKAGE_PATH, "")
    objects = []
    for asset in assets(oaas_class, settings, configuration):
        # Flux replaces variables in every text with a `$`, and makes one of `$$`.
        literal = {names.A_NO_SUBSTITUTION: "disabled"} if "$" in str(asset.data) else {}
        added = {**literal, **annotations, names.A_WRITTEN: digest(asset.data)}
        objects.append(with_annotations(asset.data, added))
    return {key_of(data): DesiredObject(data, oaas_class.ref, path, file, package) for data in objects}


def _sibling(path: str, name: str) -> str:
    """A file in the folder of another; empty where there is none."""
    from pathlib import PurePath

    return str(PurePath(path).with_name(name)) if path else ""
