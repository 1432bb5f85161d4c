"""Field paths as results print them: `spec.template.spec.containers[0].name`.

The spelling is that of Kubernetes' own validation errors (apimachinery, `field.Path`): indexes, and keys that are not
plain words, are in brackets, as in `metadata.annotations[oaas.io/otel-inject]`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from krm_otel.regex import regex

Step = int | str
"""An index, or a key."""

_PLAIN: Final = regex(r"[A-Za-z0-9_-]+\Z")


@lru_cache(maxsize=4096)  # the workloads of a package have the same paths
def field_path(*steps: Step, start: str = "") -> str:
    """A path as text, as in `spec.telemetry.propagators[0]`.

    Args:
        steps: keys and indexes.
        start: a path that is text already; the steps follow it.
    """
    text = start
    for step in steps:
        if isinstance(step, int) or not _PLAIN.match(step):
            text += f"[{step}]"
        else:
            text += f".{step}" if text else step
    return text
