"""Plain data (dicts, lists, tuples, scalars) → YAML and JSON text: deterministic, and safe for every character.

Each value has one spelling, so that the output is the same on every run and machine. Strings are written plain only
where every YAML reader takes them for strings.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from krm_otel.dataclass import dataclass
from krm_otel.regex import regex

_PLAIN: Final = regex(r"[A-Za-z_/][A-Za-z0-9_./-]*(?: [A-Za-z0-9_./()-]+)*\Z")
# Words that some YAML 1.1 or 1.2 reader takes for a boolean, null or number.
_RESERVED: Final = frozenset(["y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"])
# Characters that libyaml or a YAML 1.1 reader refuses or changes in a double-quoted scalar.
_ESCAPE: Final = regex('[\x00-\x1f"\\\\\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]')
_LONGEST_FLOW: Final = 72
_MOST_ITEMS: Final = 1024
_CACHED: Final = 80
"""Characters of the longest text that is remembered."""
_NEVER_FLOW: Final = frozenset(("labels", "annotations", "matchLabels", "data", "args", "command"))
"""Keys whose members each have a line, so that two branches which add one can be merged."""
_SHORT: Final = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


@dataclass(frozen=True, slots=True)
class Quoted:
    """A string that is always written in double quotes, such as the value of an environment variable."""

    value: str

    def __repr__(self) -> str:
        """The key of its lines in a cache: each variable of each workload asks."""
        return f"Quoted({self.value!r})"


@dataclass(frozen=True, slots=True)
class JsonText:
    """JSON in ASCII that stays readable in block style: in single quotes, or as a literal block where it has lines."""

    value: str


def quote(text: str) -> str:
    """`text` as a double-quoted scalar that is valid YAML and valid JSON; non-BMP characters stay raw."""
    if text.isprintable() and '"' not in text and "\\" not in text:
        return f'"{text}"'
    return '"' + _ESCAPE.sub(lambda m: _SHORT.get(m[0]) or f"\\u{ord(m[0]):04x}", text) + '"'


def scalar(value: Any) -> str:
    """A scalar in block style."""
    if isinstance(value, Quoted):
        return quote(value.value)
    if isinstance(value, JsonText):
        return "'" + value.value.replace("'", "''") + "'"
    if isinstance(value, str):
        return value if is_plain_string(value) else quote(value)
    return _number_or_word(value)


def _number_or_word(value: Any) -> str:
    """What is no string, as JSON and YAML have it alike."""
    import json  # most of what is written is strings

    return json.dumps(value)


def is_plain_string(text: str) -> bool:
    """Whether every YAML reader takes the text for a string if it is not quoted."""
    return _is_plain(text) if len(text) <= _CACHED else _is_plain.__wrapped__(text)


@lru_cache(maxsize=4096)  # nearly all texts are keys, and names of variables, which come again and again
def _is_plain(text: str) -> bool:
    return _PLAIN.match(text) is not None and text.lower() not in _RESERVED


def flow(value: Any) -> str:
    """A value on one line, valid as JSON and as YAML's flow style."""
    if isinstance(value, dict):
        return "{" + ", ".join(flow_members(value)) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(flow_members(value)) + "]"
    if isinstance(value, Quoted | JsonText):
        return quote(value.value)
    return quote(value) if isinstance(value, str) else _number_or_word(value)


def flow_members(value: Any) -> list[str]:
    """The members of a dict or list, each as in flow style."""
    if isinstance(value, dict):
        return [f"{quote(key)}: {flow(member)}" for key, member in value.items()]
    return [flow(item) for item in value]


def block(value: Any, list_indent: int = 0) -> list[str]:
    """The lines of a mapping or sequence in block style; lists are indented by `list_indent` below their key."""
    if isinstance(value, dict):
        return [line for key, member in value.items() for line in entry(key, member, list_indent)]
    lines: list[str] = []
    for item in value:
        lines += _item(item, list_indent)
    return lines


_items: Final[dict[tuple[str, int], list[str]]] = {}
"""The lines of list items by how Python writes the data: entries of `env` are the same in each workload of a class."""


def _item(item: Any, list_indent: int) -> list[str]:
    """The lines of one item of a list, with its dash."""
    key = (repr(item), list_indent)
    if (lines := _items.get(key)) is None:
        inner = block(item, list_indent) if _is_collection(item) and item else [_inline(item)]
        lines = ["- " + inner[0], *("  " + line if line else line for line in inner[1:])]
        if len(_items) < _MOST_ITEMS:
            _items[key] = lines
    return lines


def entry(key: str, value: Any, list_indent: int = 0) -> list[str]:
    """The lines of one `key: value` of a block mapping.

    A small leaf is on the line of its key, as people write it: `capabilities: {drop: [ALL]}`.
    """
    head = scalar(key) + ":"
    if _is_small_leaf(key, value) and len(text := _plain_flow(value)) <= _LONGEST_FLOW:
        return [f"{head} {text}"]
    if _is_collection(value) and value:
        indent = "  " if isinstance(value, dict) else " " * list_indent
        return [head, *(indent + line if line else line for line in block(value, list_indent))]
    if isinstance(value, JsonText):
        first, *more = _json_lines(value)
        return [f"{head} {first}", *more]
    if isinstance(value, str) and _literal_fits(value):
        chomp = "|" if value.endswith("\n") else "|-"
        return [f"{head} {chomp}", *("  " + line if line else "" for line in value.removesuffix("\n").split("\n"))]
    return [f"{head} {_inline(value)}"]


def below(value: JsonText, column: int, newline: str) -> str:
    """JSON as the value of a key at a column; the lines of a literal block follow the key's line."""
    return (newline + " " * column).join(_json_lines(value))


def _json_lines(value: JsonText) -> list[str]:
    """JSON as a value: what stands on the line of its key, and the lines of a literal block below it."""
    if "\n" not in value.value:
        return [scalar(value)]
    return ["|-", *("  " + line for line in value.value.split("\n"))]


def _is_small_leaf(key: str, value: Any) -> bool:
    """Whether a value is a list of scalars, a mapping of at most two scalars, or one key with such a value."""
    if not _is_collection(value) or not value or key in _NEVER_FLOW:
        return False
    if isinstance(value, dict) and len(value) == 1:
        ((inner_key, inner),) = value.items()
        return inner_key not in _NEVER_FLOW and (_is_small(inner) or _is_small_leaf(inner_key, inner))
    members = list(value.values()) if isinstance(value, dict) else value
    is_short = not isinstance(value, dict) or len(value) <= 2
    return is_short and all(_is_small(member) for member in members)


def _is_small(value: Any) -> bool:
    """Whether a value is a scalar of one line."""
    return not _is_collection(value) and not isinstance(value, JsonText) and "\n" not in str(value)


def _plain_flow(value: Any) -> str:
    """A value in flow style, with quotes only where they are needed."""
    if isinstance(value, dict):
        return f"{{{', '.join(f'{scalar(key)}: {_plain_flow(member)}' for key, member in value.items())}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_plain_flow, value))}]"
    return scalar(value)


def _inline(value: Any) -> str:
    return flow(value) if _is_collection(value) else scalar(value)


def _is_collection(value: Any) -> bool:
    return isinstance(value, dict | list | tuple)


def _literal_fits(text: str) -> bool:
    """Whether a literal block is read back exactly: several lines, nothing to escape, no odd blanks at the edges."""
    if "\n" not in text.removesuffix("\n"):
        return False
    body = text.removesuffix("\n")
    return not (
        body.startswith((" ", "\n"))
        or body.endswith(("\n", " "))
        or _ESCAPE.search(body.replace("\n", "").replace('"', "").replace("\\", ""))
    )
