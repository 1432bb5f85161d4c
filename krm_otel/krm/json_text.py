"""JSON in ASCII with sorted keys, as `json` writes it, without that package: to load it, with the patterns by which it
reads, takes 10 million instructions, where the whole run of a small package may take 250."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

try:
    from _json import encode_basestring_ascii  # what `json` itself uses
except ImportError:
    from json.encoder import encode_basestring_ascii

string: Final = lru_cache(maxsize=4096)(encode_basestring_ascii)
"""A text as JSON: names and hashes of records come again and again."""
_WORDS: Final = {None: "null", True: "true", False: "false"}


def json_text(value: Any, comma: str = ", ", colon: str = ": ", default: Callable[[Any], Any] | None = None) -> str:
    """`json.dumps` with sorted keys; `default` makes plain data of anything else."""
    kind = type(value)
    if kind is str:
        return string(value)
    if value is None or kind is bool:
        return _WORDS[value]
    if kind is int:
        return str(value)
    if kind is list or kind is tuple:
        return f"[{comma.join([json_text(entry, comma, colon, default) for entry in value])}]"
    if kind is dict and all(type(key) is str for key in value):
        members = [f"{string(key)}{colon}{json_text(value[key], comma, colon, default)}" for key in sorted(value)]
        return f"{{{comma.join(members)}}}"
    import json

    return json.dumps(value, default=default, separators=(comma, colon), sort_keys=True)
