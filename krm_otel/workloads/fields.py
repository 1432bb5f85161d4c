"""Field paths as results print them: `spec.template.spec.containers[0].name`."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

_CROWD: Final = 50
"""Among more names than this no nearest one is sought: it costs time, and is rarely what was meant."""


def field_path(*path: str | int) -> str:
    """A path as text. Indexes, and keys that hold a dot or a slash, stand in brackets:
    `metadata.annotations[oaas.io/otel-inject]`."""
    text = ""
    for step in path:
        if isinstance(step, int) or "." in step or "/" in step:
            text += f"[{step}]"
        else:
            text += f".{step}" if text else step
    return text


def nearest(written: str, right: Iterable[str]) -> str | None:
    """The one of the right names that was probably meant; None where nothing is near."""
    names = [name for name in right if name and abs(len(name) - len(written)) <= 3]
    if not written or len(names) > _CROWD:
        return None
    found = get_close_matches(written, names, n=1)
    return found[0] if found else None
