"""Labels and annotations of workloads that are nearly ours, and owners that are nearly there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final

from krm_otel import names
from krm_otel.diagnostics.field_path import field_path
from krm_otel.diagnostics.result import Result, Severity
from krm_otel.diagnostics.rule import Location
from krm_otel.diagnostics.rules import classes as class_rules
from krm_otel.diagnostics.rules import near_misses as rules
from krm_otel.diagnostics.suggestion import nearest, nearest_name
from krm_otel.workloads.kinds import Workload
from krm_otel.workloads.match import Matcher, in_namespace

_PREFIX: Final = f"{names.CLASS_GROUP}/"
_SECTIONS: Final = {
    names.A_CLASS: "annotations",
    names.A_INJECT: "annotations",
    names.A_CONTAINERS: "annotations",
    names.A_PROTOCOL: "annotations",
    names.A_SDK: "annotations",
    names.L_OWNER: "labels",
}
"""What users write → where it belongs."""
_NAMES: Final = {key.removeprefix(_PREFIX): key for key in _SECTIONS}
_WRITTEN: Final = names.GENERATED_LABELS | names.GENERATED_ANNOTATIONS | names.TEMPLATE_MEMBERS
_LIKENESS: Final = 0.8


def misspelt_keys(workload: Workload) -> Iterator[Result]:
    """Keys of the workload and its pod template that krm-otel does not read, and that look as if it should."""
    resource, template = workload.resource, workload.template_path
    sections: list[tuple[tuple[str, ...], str, Mapping[str, str]]] = [
        ((), "labels", resource.labels),
        ((), "annotations", resource.annotations),
    ]
    if template:
        sections += [(template, "labels", workload.template_labels)]
        sections += [(template, "annotations", workload.template_annotations)]
    for path, section, members in sections:
        for key in _suspects(members):
            where = Location(resource.ref, field_path(*path, "metadata", section, key))
            if (right := _SECTIONS.get(key)) is not None:
                if right != section:
                    text, fix = f"{key} is not read among the {section}", f"write it among the {right}"
                    yield rules.METADATA_KEY.at(where, text, fix=fix, current=key)
            elif meant := _meant(key):
                text, fix = f"{key} is no {section[:-1]} that krm-otel reads", f"write {meant}"
                yield rules.METADATA_KEY.at(where, text, fix=fix, current=key, proposed=meant)


def _suspects(members: Mapping[str, str]) -> Iterator[str]:
    """The keys that are worth a look: most have nothing to do with krm-otel."""
    return filter(_is_suspect, members)


@lru_cache(maxsize=1024)  # workloads have the same few keys
def _is_suspect(key: str) -> bool:
    is_like_ours = key.startswith(_PREFIX) or key.partition("/")[2] in _NAMES
    return is_like_ours and (key not in _WRITTEN or key in _SECTIONS)


def _meant(key: str) -> str | None:
    """The key that a user most likely meant."""
    prefix, _, name = key.partition("/")
    if key.startswith(_PREFIX):
        near = nearest(name, _NAMES, _LIKENESS)
        return _NAMES[near] if near else None
    # `owner` is a common word, and under another prefix somebody else's.
    is_typo = name != "owner" and nearest(prefix, [names.CLASS_GROUP], _LIKENESS) is not None
    return _NAMES[name] if is_typo else None


def absent_owner(workload: Workload, name: str, matcher: Matcher, *, complete: bool) -> Iterator[Result]:
    """Why the class that a label names is not found, where another class of the input is probably meant.

    Args:
        workload: it belongs to no class.
        name: the class that its label names.
        matcher: the classes of the input.
        complete: nothing of the input is absent.
    """
    labels = [path for value, path in workload.label(names.L_OWNER) if value == name]
    if not labels:
        return
    namespace = workload.resource.namespace
    here = [oaas_class.name for oaas_class in matcher.in_namespace.get(namespace, ())]
    affixed = [known for known in here if known.endswith(f"-{name}") or known.startswith(f"{name}-")]
    where = Location(workload.resource.ref, labels[0])
    severity: Severity = "warning" if complete else "info"
    proposed: str | None = None
    if elsewhere := sorted(set(matcher.namespaces.get(name, ()))):
        severity, fix = "warning", "give both the same namespace"
        text = f"the class {name} is {in_namespace(elsewhere[0])}, but this workload is {in_namespace(namespace)}"
    elif len(affixed) == 1:
        proposed = affixed[0]
        text = f"no class {in_namespace(namespace)} has the name {name}, and {proposed} may be it, renamed by a build"
        fix = f"write {proposed}, or render before the build renames"
    elif proposed := nearest_name(name, here):
        text, fix = f"no class {in_namespace(namespace)} has the name {name}", f"did you mean {proposed}?"
    else:
        return
    yield class_rules.CLASS_NOT_FOUND.at(where, text, fix=fix, current=name, proposed=proposed, severity=severity)
