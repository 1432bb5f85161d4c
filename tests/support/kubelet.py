"""What a container sees: its environment as the kubelet makes it from a manifest.

Source: Kubernetes API reference, `EnvVar`: values are expanded in order, `$(NAME)` with what stands earlier; a name
that is not known stays as it is, `$$` stands for `$`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_REFERENCE = re.compile(r"\$\$|\$\(([^()]*)\)")

POD_FIELDS = {
    "metadata.namespace": "prod",
    "metadata.name": "shop-5d9c",
    "metadata.uid": "0b1c",
    "spec.nodeName": "node-7",
    "status.hostIP": "127.0.0.9",
}
"""What the downward API says of a pod, by field path."""


def environment(
    container: Mapping[str, Any], fields: Mapping[str, str], secrets: Mapping[tuple[str, str], str]
) -> dict[str, str]:
    """The environment of a container.

    Args:
        container: the decoded container.
        fields: what the downward API says, by field path.
        secrets: values of Secrets, by name and key.
    """
    found: dict[str, str] = {}
    for entry in container.get("env", ()):
        source = entry.get("valueFrom")
        if source is None:
            found[entry["name"]] = expand(entry.get("value", ""), found)
        elif "fieldRef" in source:
            found[entry["name"]] = fields[source["fieldRef"]["fieldPath"]]
        else:
            reference = source["secretKeyRef"]
            found[entry["name"]] = secrets[reference["name"], reference["key"]]
    return found


def expand(value: str, known: Mapping[str, str]) -> str:
    """`$(NAME)` replaced where the name is known."""

    def one(match: re.Match[str]) -> str:
        return "$" if match[1] is None else known.get(match[1], match[0])

    return _REFERENCE.sub(one, value)
