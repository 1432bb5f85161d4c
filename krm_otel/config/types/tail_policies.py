"""Policies of `tail_sampling`, in the collector's own words: which types there are, and what each of them takes.

`otelcol validate` lets most mistakes in them pass: the collector says them when it starts, and ends. Regular
expressions and conditions in OTTL are not looked at.

Source: collector contrib v0.158.0, `processor/tailsamplingprocessor`: `config.go`, `processor.go`, `internal/sampling`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final, Literal, NamedTuple

from krm_otel.diagnostics.suggestion import listed, nearest

Kind = Literal["text", "texts", "whole", "number", "switch"]
Path = tuple[str | int, ...]

_BURST: Final[dict[str, Kind]] = {"burst_capacity": "whole"}
SIMPLE: Final[dict[str, dict[str, Kind]]] = {
    "always_sample": {},
    "boolean_attribute": {"key": "text", "value": "switch", "invert_match": "switch"},
    "bytes_limiting": {"bytes_per_second": "whole", **_BURST},
    "latency": {"threshold_ms": "whole", "upper_threshold_ms": "whole"},
    "numeric_attribute": {"key": "text", "min_value": "whole", "max_value": "whole", "invert_match": "switch"},
    "ottl_condition": {"error_mode": "text", "span": "texts", "spanevent": "texts"},
    "probabilistic": {"sampling_percentage": "number", "hash_salt": "text"},
    "rate_limiting": {"spans_per_second": "whole", **_BURST},
    "span_count": {"min_spans": "whole", "max_spans": "whole"},
    "status_code": {"status_codes": "texts"},
    "string_attribute": {
        "key": "text",
        "values": "texts",
        "enabled_regex_matching": "switch",
        "cache_max_size": "whole",
        "invert_match": "switch",
    },
    "trace_flags": {},
    "trace_state": {"key": "text", "values": "texts"},
}
"""Types that decide by themselves: the fields of the block that is called like the type."""
_COMPOSITE: Final[dict[str, Kind | None]] = {
    "max_total_spans_per_second": "whole",
    "policy_order": "texts",
    "composite_sub_policy": None,
    "rate_allocation": None,
}
NESTED: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "and": ("and_sub_policy", ("not",)),
    "composite": ("composite_sub_policy", ("and",)),
    "drop": ("drop_sub_policy", ("not",)),
    "not": ("not_sub_policy", ()),
}
"""Types that decide by others: the field where those stand, and which of these types may be among them."""
TYPES: Final = tuple(sorted((*SIMPLE, *NESTED)))
_WORDS: Final = {
    "status_codes": ("OK", "ERROR", "UNSET"),
    "error_mode": ("ignore", "silent", "propagate"),
}
_ONE_AT_LEAST: Final = {"status_code": ("status_codes",), "ottl_condition": ("span", "spanevent")}
"""Types that need one of these fields."""
_KINDS: Final[dict[Kind, str]] = {
    "text": "a text",
    "texts": "a list of texts",
    "whole": "a whole number",
    "number": "a number",
    "switch": "true or false",
}


class Mistake(NamedTuple):
    """What is wrong in a policy: where, what (it goes on after the place), and what to write, if that can be told."""

    path: Path
    text: str
    proposed: Any = None


def mistakes(policy: Any, more: Collection[str] = (), types: Collection[str] = TYPES) -> Iterator[Mistake]:
    """What the collector would refuse in a policy, or not see.

    Args:
        policy: as it stands in the config.
        more: further types, of extensions.
        types: those that may stand there.
    """
    if not isinstance(policy, Mapping):
        yield Mistake((), "is not a mapping: write {name: …, type: …}")
        return
    for key in ("name", "type") if types is TYPES else ("type",):
        if not isinstance(policy.get(key), str) or not policy[key]:
            yield Mistake((), f"has no {key}: write name and type, as in the collector's own config")
            return
    kind = policy["type"]
    if _open(kind) or kind in more:
        return
    if kind not in types:
        meant = nearest(kind, types)
        known = f"known here are {listed(sorted(types), 'and')}"
        yield Mistake(("type",), f"is {kind}: " + (f"write {meant}; {known}" if meant else known), meant)
        return
    for key in policy:
        if key not in ("name", "type", *TYPES, *more):
            meant = nearest(str(key), (kind,)) or nearest(str(key), TYPES)
            yield Mistake((key,), "is not known: " + (f"write {meant}" if meant else "leave it out"))
    yield from _block(kind, policy.get(kind), more)


def _block(kind: str, block: Any, more: Collection[str]) -> Iterator[Mistake]:
    if block is None:
        block = {}
    if not isinstance(block, Mapping):
        yield Mistake((kind,), "is not a mapping")
        return
    fields: Mapping[str, Kind | None] = SIMPLE.get(kind) or {}
    if kind in NESTED:
        within, also = NESTED[kind]
        fields = _COMPOSITE if kind == "composite" else {within: None}
        yield from _within(kind, within, block.get(within), (*SIMPLE, *also), more)
    for key, value in block.items():
        if key not in fields:
            meant = nearest(str(key), fields)
            known = f"known are {listed(fields, 'and')}" if fields else "leave it out"
            yield Mistake((kind, key), "is not known: " + (f"write {meant}" if meant else known))
        elif (wanted := fields[key]) and not _fits(value, wanted):
            yield Mistake((kind, key), f"must be {_KINDS[wanted]}")
        else:
            yield from _words(kind, key, value)
    needed = _ONE_AT_LEAST.get(kind, ())
    if needed and not any(block.get(key) for key in needed):
        yield Mistake((kind,), f"has no {listed(needed)}: write one at least")


def _within(kind: str, field: str, given: Any, types: Collection[str], more: Collection[str]) -> Iterator[Mistake]:
    several = [given] if kind == "not" else given
    if not isinstance(several, list | tuple) or not several or given is None:
        yield Mistake((kind,), f"has no {field}: write the policies that it goes by")
        return
    for number, one in enumerate(several):
        at = (kind, field) if kind == "not" else (kind, field, number)
        for found in mistakes(one, more, types):
            yield found._replace(path=(*at, *found.path))


def _words(kind: str, key: str, value: Any) -> Iterator[Mistake]:
    allowed = _WORDS.get(key)
    for word in value if isinstance(value, list | tuple) else [value]:
        if allowed and isinstance(word, str) and word not in allowed and not _open(word):
            meant = nearest(word, allowed)
            text = f"is {word}, and must be {listed(allowed)}" + (f": write {meant}" if meant else "")
            yield Mistake((kind, key), text, meant)


def _fits(value: Any, kind: Kind) -> bool:
    if value is None or (isinstance(value, str) and _open(value)):
        return True
    match kind:
        case "text":
            return isinstance(value, str)
        case "texts":
            several = value if isinstance(value, list | tuple) else [value]
            return all(isinstance(one, str) for one in several)
        case "switch":
            return isinstance(value, bool)
        case "whole":
            return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, int | float) and not isinstance(value, bool)


def _open(text: str) -> bool:
    """Whether only the collector knows what a text is, since it takes it from elsewhere."""
    return "${" in text
