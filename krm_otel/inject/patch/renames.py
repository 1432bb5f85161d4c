"""Names that kustomize changed after the injection: what an entry was before.

kustomize adds a prefix, a suffix and a hash to the names of ConfigMaps and Secrets at the end of a build, and changes
every reference to them: in the volume of a generated ConfigMap, in the variable of a header. The entry is still an
injected one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from krm_otel.names import V_COLLECTOR
from krm_otel.regex import regex

_INJECTED: Final = ("oaas-otel", "otel-collector")
"""How the names of injected volumes and containers begin; others are not examined, which would take time."""
_HASH: Final = regex(r"-[bcdfghkmt2456789]{10}$")
"""What kustomize appends to the name of a generated object: hexadecimal digits, some of them replaced."""
_REFERENCES: Final = {"secretKeyRef": "name", "secret": "secretName", "configMap": "name"}
_LONGEST: Final = 253


def before_renaming(entry: Any) -> Iterator[Any]:
    """What an entry of a list, or the value of a variable, may have been before kustomize renamed its references.

    krm-otel generates the ConfigMap of a collector's config, so whatever surrounds its name was added later. Other
    objects are the user's, and the user may mean another one: there only a hash shows that kustomize renamed it.
    """
    if not isinstance(entry, dict):
        return
    if len(entry) > 1 and not str(entry.get("name", V_COLLECTOR)).startswith(_INJECTED):
        return
    is_config = entry.get("name") == V_COLLECTOR

    def is_renamed(key: str, name: str) -> bool:
        return (is_config and key == "configMap") or bool(_HASH.search(name))

    lengths: list[int] = []

    def measure(key: str, name: str) -> str:
        lengths.extend([len(_HASH.sub("", name))] if is_renamed(key, name) else ())
        return name

    _with_references(entry, measure)
    shortest = min(lengths, default=0)
    for added in range(shortest if shortest <= _LONGEST else 0):
        for prefix in range(added + 1):

            def shorten(key: str, name: str, start: int = prefix, end: int = added - prefix) -> str:
                plain = _HASH.sub("", name)
                return plain[start : len(plain) - end] if is_renamed(key, name) else name

            yield _with_references(entry, shorten)


def _with_references(value: Any, change: Callable[[str, str], str]) -> Any:
    """The value with other names of the objects that it refers to; `change` takes the referring key and a name."""
    if isinstance(value, list):
        return [_with_references(item, change) for item in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"name"} and isinstance(value["name"], str):
        return {"name": change("", value["name"])}  # of a Secret, in imagePullSecrets
    return {key: _with_reference(key, item, change) for key, item in value.items()}


def _with_reference(key: str, value: Any, change: Callable[[str, str], str]) -> Any:
    field = _REFERENCES.get(key)
    if field and isinstance(value, dict) and isinstance(name := value.get(field), str):
        return {**value, field: change(key, name)}
    return _with_references(value, change)
