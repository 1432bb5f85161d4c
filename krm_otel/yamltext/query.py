"""What nodes mean: lookups and plain data, as Kubernetes reads YAML.

No function here recurses, and no alias or merge key is followed twice, so that the cost of hostile input is limited by
its size.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from krm_otel.regex import regex
from krm_otel.yamltext.nodes import Alias, Mapping, Node, Scalar, Sequence, SourceError

MAX_DATA_DEPTH: Final = 200
"""The deepest plain data that `decode` returns: Python's own functions on it (==, repr, json) recurse."""
MAX_DATA_NODES: Final = 1_000_000
"""The most nodes that `decode` returns: aliases can expand to more than fits in memory."""

_NULL: Final = frozenset(("", "~", "null", "Null", "NULL"))
_TRUE: Final = frozenset(("true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"))
_FALSE: Final = frozenset(("false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"))
_INT: Final = regex(r"[-+]?[0-9]+\Z")
_FLOAT: Final = regex(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_SPECIAL_FLOAT: Final = regex(r"([-+]?)\.(inf|Inf|INF|nan|NaN|NAN)\Z")


def deref(node: Node | None) -> Node | None:
    """The node itself, or the target of an alias."""
    while type(node) is Alias:
        node = node.target
    return node


def is_null(node: Node | None) -> bool:
    """Whether a node means no value: no node, or null in any spelling."""
    node = deref(node)
    if node is None:
        return True
    if not isinstance(node, Scalar) or node.style is not None:
        return False
    return node.tag == "tag:yaml.org,2002:null" or (node.tag is None and node.value in _NULL)


def direct(mapping: Node | None, key: str) -> Node | None:
    """The value of `key` in the mapping itself (of duplicate keys the last one, as in Kubernetes)."""
    value = None
    if isinstance(mapping, Mapping):
        for k, v in mapping.pairs:
            if type(k) is Scalar and k.value == key:
                value = v
    return value


def lookup(node: Node | None, *path: str | int) -> Node | None:
    """The node at `path`, read through aliases and merge keys; None where there is none."""
    node = deref(node)
    for step in path:
        if isinstance(step, int):
            if not isinstance(node, Sequence) or not 0 <= step < len(node.items):
                return None
            node = node.items[step]
        elif isinstance(node, Mapping):
            node = _member(node, step)
        else:
            return None
        if type(node) is Alias:
            node = deref(node)
    return node


def _member(mapping: Mapping, key: str) -> Node | None:
    # In one pass, since each workload asks for hundreds of members, and hardly any has a merge key.
    value, has_merge_key = None, False
    for k, v in mapping.pairs:
        if type(k) is Scalar:
            if k.value == key:
                value = v
            elif k.value == "<<":
                has_merge_key |= is_merge_key(k)
    if value is not None or not has_merge_key:
        return value
    return next((value for layer in layers(mapping) if (value := direct(layer, key)) is not None), None)


def layers(mapping: Mapping) -> Iterator[Node | None]:
    """The mapping and all mappings that it merges, nearest first, each once; None for an alias without target."""
    seen: set[int] = set()
    pending: list[Node | None] = [mapping]
    while pending:
        node = pending.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        yield node
        if isinstance(node, Mapping):
            pending += reversed(merge_sources(node))


def merge_sources(mapping: Mapping) -> list[Node | None]:
    """The mappings in the merge keys (`<<`) of a mapping, nearest first; None for an alias without target."""
    sources: list[Node | None] = []
    for k, v in mapping.pairs:
        if is_merge_key(k):
            value = deref(v)
            sources.extend([deref(item) for item in value.items] if isinstance(value, Sequence) else [value])
    return sources


def is_merge_key(key: Node) -> bool:
    """Whether a key is `<<`, not quoted."""
    return isinstance(key, Scalar) and key.value == "<<" and key.style is None


def members(mapping: Mapping) -> dict[str, Node]:
    """The mapping's values by key, with merge keys applied and without keys that are not scalars."""
    by_key: dict[str, Node] = {}
    for k, v in mapping.pairs:
        if type(k) is not Scalar or k.value == "<<":
            return _merged_members(mapping)
        by_key[k.value] = v
    return by_key


def _merged_members(mapping: Mapping) -> dict[str, Node]:
    by_key: dict[str, Node] = {}
    for source in reversed([layer for layer in layers(mapping) if isinstance(layer, Mapping)]):
        for k, v in source.pairs:
            if isinstance(key := deref(k), Scalar) and not is_merge_key(k):
                by_key[key.value] = v
    return by_key


def text_of(node: Node | None) -> str | None:
    """The text of a scalar that is not null, as written (`10.00` stays `10.00`); None for any other node."""
    if type(node) is Scalar and node.style is not None:
        return node.value  # as most are written that krm-otel reads
    node = deref(node)
    if not isinstance(node, Scalar) or is_null(node):
        return None
    return node.value


def decode(node: Node | None) -> Any:
    """Plain data as Kubernetes reads it: dict, list, str, int, float, bool, None, with merge keys applied.

    `yes`, `on` and the like are booleans, as in kubectl; dates stay strings. Raises SourceError for data that is too
    deep, or too large because of its aliases (which may also lead back to themselves).
    """
    whole: list[Any] = [None]
    pending: list[tuple[Node | None, Any, Any, int]] = [(node, whole, 0, 0)]
    budget = MAX_DATA_NODES
    while pending:
        node, holder, slot, depth = pending.pop()
        node = deref(node)
        if isinstance(node, Scalar):
            holder[slot] = _scalar(node)
            continue
        inner: list[tuple[Any, Node]] = []
        data: Any = None
        if isinstance(node, Sequence):
            data = [None] * len(node.items)
            inner = list(enumerate(node.items))
        elif isinstance(node, Mapping):
            data = {}
            inner = list(members(node).items())
            # A key that is not a scalar, which no Kubernetes object has: the pair becomes a list, with a new key.
            odd = [pair for pair in node.pairs if not isinstance(deref(pair[0]), Scalar)]
            for number, pair in enumerate(odd):
                entry = data[f"? {number}"] = [None, None]
                pending += [(side, entry, i, depth + 2) for i, side in enumerate(pair)]
        budget -= len(inner) + 1
        if budget < 0:
            raise SourceError("aliases expand to more than can be held")
        if depth > MAX_DATA_DEPTH:
            raise SourceError(f"nested deeper than {MAX_DATA_DEPTH} levels")
        holder[slot] = data
        if isinstance(data, dict):
            data.update(dict.fromkeys(key for key, _ in inner))
        pending += [(value, data, key, depth + 1) for key, value in inner]
    return whole[0]


def same_data(first: Node, second: Node) -> bool:
    """Whether two nodes mean the same plain data; False where one of them cannot be decoded."""
    try:
        return bool(decode(first) == decode(second))
    except SourceError:
        return False


def _scalar(node: Scalar) -> Any:
    if node.style is not None or (node.tag is not None and node.tag.endswith(":str")):
        return node.value
    value = node.value
    if value in _NULL:
        return None
    if value in _TRUE:
        return True
    if value in _FALSE:
        return False
    if _INT.match(value):
        # No program reads so many digits as a number, and Python refuses to convert them.
        return int(value) if len(value) < 400 else value
    if _FLOAT.match(value):
        return float(value)
    if special := _SPECIAL_FLOAT.match(value):
        return float((special[1] or "+") + special[2].lower())
    return value


def walk(node: Node) -> Iterator[Node]:
    """Every node of a tree, without the targets of its aliases."""
    pending = [node]
    while pending:
        node = pending.pop()
        yield node
        if isinstance(node, Sequence):
            pending.extend(reversed(node.items))
        elif isinstance(node, Mapping):
            for pair in reversed(node.pairs):
                pending.extend((pair[1], pair[0]))


def as_mapping(node: Node | None) -> Mapping | None:
    """The node, or the target of an alias, if it is a mapping; otherwise None."""
    node = deref(node)
    return node if isinstance(node, Mapping) else None


def as_sequence(node: Node | None) -> Sequence | None:
    """The node, or the target of an alias, if it is a sequence; otherwise None."""
    node = deref(node)
    return node if isinstance(node, Sequence) else None


def items_of(node: Node | None) -> list[Node]:
    """The items of a sequence, aliases followed; none where the node is anything else."""
    sequence = as_sequence(node)
    return sequence.items if sequence else []
