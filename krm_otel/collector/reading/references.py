"""References in a collector's config, which the collector replaces when it starts: `${env:NAME:-default}`.

Source: collector v0.158, `confmap/expand.go` and `confmap/provider/envprovider`. The innermost reference comes first,
an odd `$` before it escapes it, and one without a scheme is a variable.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from krm_otel.dataclass import dataclass
from krm_otel.diagnostics.field_path import Step
from krm_otel.regex import regex

_REFERENCE: Final = regex(r"(?P<dollars>\$+)\{(?P<body>[^{}$]*)\}")
_SCHEME: Final = regex(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]+):(?P<value>.*)", re.S)


@dataclass(frozen=True, slots=True)
class Reference:
    """A part of a text that the collector replaces.

    Args:
        text: as it is written.
        scheme: what provides the value: `env`, `file`, `yaml`, `http` …
        name: of the variable, the path of the file, or whatever the scheme takes.
        default: of a variable; None: it has none.
    """

    text: str
    scheme: str
    name: str
    default: str | None = None


def split(text: str) -> list[str | Reference]:
    """A text as plain parts and references, in order."""
    parts: list[str | Reference] = []
    end = 0
    for match in _REFERENCE.finditer(text):
        if len(match["dollars"]) % 2 == 0:
            continue  # escaped
        start = match.start("body") - 2
        parts += [text[end:start], _reference(text[start : match.end()], match["body"])]
        end = match.end()
    return [part for part in (*parts, text[end:]) if part]


def _reference(text: str, body: str) -> Reference:
    match = _SCHEME.fullmatch(body)  # so `${NAME:-default}` has the scheme NAME
    scheme, value = (match["scheme"], match["value"]) if match else ("env", body)
    if scheme != "env":
        return Reference(text, scheme, value)
    name, separator, default = value.partition(":-")
    return Reference(text, scheme, name, default if separator else None)


def texts(value: Any, steps: tuple[Step, ...] = ()) -> Iterator[tuple[tuple[Step, ...], str]]:
    """Every text in a config, with its place."""
    if isinstance(value, str):
        yield steps, value
    elif isinstance(value, Mapping):
        for key, member in value.items():
            yield from texts(member, (*steps, str(key)))
    elif isinstance(value, list | tuple):
        for index, member in enumerate(value):
            yield from texts(member, (*steps, index))


def references(value: Any) -> Iterator[tuple[tuple[Step, ...], Reference]]:
    """Every reference in a config, with its place."""
    for steps, text in texts(value):
        if "${" in text:  # most have none, and this runs for each workload with a sidecar
            yield from ((steps, part) for part in split(text) if isinstance(part, Reference))
