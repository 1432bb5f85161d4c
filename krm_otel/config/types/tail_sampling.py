"""Policies of the collector's `tail_sampling` processor: which types it has, and which fields each of them takes.

`otelcol validate` accepts most mistakes in them: the collector reports them when it starts, and exits. Regular
expressions and OTTL conditions are not checked here.

Source: collector contrib v0.158.0, `processor/tailsamplingprocessor`: `config.go`, `processor.go`, `internal/sampling`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from krm_otel.config.types.finding import Finding, fault, faults, write
from krm_otel.dataclass import dataclass, replace
from krm_otel.diagnostics.rules.sampling import POLICY_INVALID
from krm_otel.diagnostics.suggestion import listed, nearest


@dataclass(frozen=True, slots=True)
class Children:
    """The type of a field that has further policies, by which a policy decides.

    Args:
        parents: the types with children that may be among them; types without children always may.
        single: the field has one policy, not a list.
    """

    parents: tuple[str, ...] = ()
    single: bool = False


TYPES: Final[dict[str, dict[str, type | Children]]] = {
    "always_sample": {},
    "and": {"and_sub_policy": Children(("not",))},
    "boolean_attribute": {"key": str, "value": bool, "invert_match": bool},
    "bytes_limiting": {"bytes_per_second": int, "burst_capacity": int},
    "composite": {
        **{"max_total_spans_per_second": int, "policy_order": list, "rate_allocation": object},
        "composite_sub_policy": Children(("and",)),
    },
    "drop": {"drop_sub_policy": Children(("not",))},
    "latency": {"threshold_ms": int, "upper_threshold_ms": int},
    "not": {"not_sub_policy": Children(single=True)},
    "numeric_attribute": {"key": str, "min_value": int, "max_value": int, "invert_match": bool},
    "ottl_condition": {"error_mode": str, "span": list, "spanevent": list},
    "probabilistic": {"sampling_percentage": float, "hash_salt": str},
    "rate_limiting": {"spans_per_second": int, "burst_capacity": int},
    "span_count": {"min_spans": int, "max_spans": int},
    "status_code": {"status_codes": list},
    "string_attribute": {
        **{"key": str, "values": list, "invert_match": bool},
        **{"enabled_regex_matching": bool, "cache_max_size": int},
    },
    "trace_flags": {},
    "trace_state": {"key": str, "values": list},
}
"""Type of a policy → fields of the block that has the type's name, with their types."""
_WITHOUT_CHILDREN: Final = tuple(
    kind for kind, fields in TYPES.items() if not any(isinstance(field, Children) for field in fields.values())
)
_CHOICES: Final = {"status_codes": ("OK", "ERROR", "UNSET"), "error_mode": ("ignore", "silent", "propagate")}
_NEEDED: Final = {"status_code": ("status_codes",), "ottl_condition": ("span", "spanevent")}
"""Types that need one of these fields."""
_TYPE_NAMES: Final[dict[type, str]] = {
    **{str: "a string", list: "a list of strings", bool: "true or false"},
    **{int: "a whole number", float: "a number"},
}
RESERVED_NAMES: Final = ("errors", "slow", "rest", "all")
"""The names of the policies that krm-otel writes."""


def policy(value: dict[str, Any]) -> dict[str, Any]:
    """A policy that the collector accepts, with a name that krm-otel does not use; or findings."""
    if findings := list(policy_findings(value)):
        raise faults(findings)
    if value["name"] in RESERVED_NAMES:
        raise fault(
            POLICY_INVALID, f"has the name {value['name']}, which krm-otel uses itself", fix="write another one"
        )
    return value


def policies(value: tuple[dict[str, Any], ...]) -> tuple[dict[str, Any], ...]:
    """Policies with different names: the collector does not start with duplicate ones."""
    names = [policy["name"] for policy in value]
    if duplicate := next((name for name in names if names.count(name) > 1), None):
        text = f"has two policies of the name {duplicate}"
        raise fault(POLICY_INVALID, text, fix="write another name for one of them")
    return value


def policy_findings(
    policy: Any, extension_types: Collection[str] = (), types: Collection[str] = TYPES
) -> Iterator[Finding]:
    """What the collector would refuse in a policy, or ignore.

    Args:
        policy: as it is in the config.
        extension_types: further types, of extensions.
        types: the allowed types.
    """
    if not isinstance(policy, Mapping):
        yield _finding((), "is not a mapping", "write {name: …, type: …}")
        return
    for key in ("name", "type") if types is TYPES else ("type",):
        if not isinstance(policy.get(key), str) or not policy[key]:
            yield _finding((), f"has no {key}", "write name and type, as in the collector's own config")
            return
    kind = policy["type"]
    if _is_variable(kind) or kind in extension_types:
        return
    if kind not in types:
        meant = nearest(kind, types)
        known = f"the known types are {listed(sorted(types), 'and')}"
        yield _finding(("type",), f"is {kind}", f"write {meant}; {known}" if meant else known, meant)
        return
    for key in policy:
        if key not in ("name", "type", *TYPES, *extension_types):
            meant = nearest(str(key), (kind,)) or nearest(str(key), TYPES)
            yield _finding((key,), "is not known", write(meant) or "leave it out")
    block = policy.get(kind)
    for finding in _block_findings(kind, {} if block is None else block, extension_types):
        yield replace(finding, steps=(kind, *finding.steps))


def _block_findings(kind: str, block: Any, extension_types: Collection[str]) -> Iterator[Finding]:
    """Findings in the block that has the type's name; their steps start in it."""
    if not isinstance(block, Mapping):
        yield _finding((), "is not a mapping")
        return
    fields = TYPES[kind]
    for field, declared in fields.items():
        if isinstance(declared, Children):
            yield from _child_findings(field, declared, block.get(field), extension_types)
    for key, value in block.items():
        declared = fields.get(key, Children())
        if key not in fields:
            known = f"the known fields are {listed(fields, 'and')}" if fields else "leave it out"
            yield _finding((key,), "is not known", write(nearest(str(key), fields)) or known)
        elif isinstance(declared, type) and not _is_of_type(value, declared):
            yield _finding((key,), f"must be {_TYPE_NAMES[declared]}")
        else:
            yield from _choice_findings(key, value)
    needed = _NEEDED.get(kind, ())
    if needed and not any(block.get(key) for key in needed):
        yield _finding((), f"has no {listed(needed)}", "write at least one")


def _child_findings(field: str, declared: Children, value: Any, extension_types: Collection[str]) -> Iterator[Finding]:
    entries = [value] if declared.single and value is not None else value
    if not isinstance(entries, list | tuple) or not entries:
        yield _finding((), f"has no {field}", "write the policies that it depends on")
        return
    for index, entry in enumerate(entries):
        for finding in policy_findings(entry, extension_types, (*_WITHOUT_CHILDREN, *declared.parents)):
            steps = (field,) if declared.single else (field, index)
            yield replace(finding, steps=(*steps, *finding.steps))


def _choice_findings(key: str, value: Any) -> Iterator[Finding]:
    choices = _CHOICES.get(key, ())
    for word in value if isinstance(value, list | tuple) else [value]:
        if choices and isinstance(word, str) and word not in choices and not _is_variable(word):
            meant = nearest(word, choices)
            yield _finding((key,), f"is {word}, and must be {listed(choices)}", write(meant), meant)


def _is_of_type(value: Any, expected: type) -> bool:
    if value is None or (isinstance(value, str) and _is_variable(value)):
        return True
    if expected is list:  # the collector also takes a single text
        return all(isinstance(entry, str) for entry in (value if isinstance(value, list | tuple) else [value]))
    if expected in (int, float):
        return isinstance(value, (int, expected)) and not isinstance(value, bool)
    return isinstance(value, expected)


def _is_variable(text: str) -> bool:
    """Whether only the collector knows what a text is: it replaces `${…}` when it starts."""
    return "${" in text


def _finding(steps: tuple[str | int, ...], text: str, fix: str = "", proposed: str | None = None) -> Finding:
    return Finding(POLICY_INVALID, text, fix, proposed, steps)
