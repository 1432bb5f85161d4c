"""Environment variables of the collector's container, and texts in its config, where `$` begins a variable."""

from __future__ import annotations

from typing import Final

NAMESPACE_VARIABLE: Final = "MY_POD_NAMESPACE"
NODE_VARIABLE: Final = "K8S_NODE_NAME"


def literal(text: str) -> str:
    """A text in which the collector replaces nothing."""
    return text.replace("$", "$$")
