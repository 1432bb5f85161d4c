"""What a container's environment says already: its own entries, and what `envFrom` brings in."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from krm_otel.diagnostics.field_path import field_path
from krm_otel.diagnostics.result import Ref, Result
from krm_otel.krm.item import Item
from krm_otel.krm.resource import Resource
from krm_otel.workloads.containers import Container
from krm_otel.yamltext.nodes import Mapping as MappingNode
from krm_otel.yamltext.nodes import Scalar
from krm_otel.yamltext.nodes import Sequence as SequenceNode
from krm_otel.yamltext.query import as_mapping, deref, is_null, lookup, text_of

EnvSource = Callable[[Literal["ConfigMap", "Secret"], str, str], Mapping[str, str | None] | None]
"""(kind, namespace, name) → its keys with their values, None for a value that is not to be read (a Secret's); None
where the object is not in the input."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A variable that is set already. `value` is None where only the cluster knows it; `index` is its place in `env`,
    None where it comes by `envFrom` from `source`."""

    name: str
    value: str | None
    path: str
    index: int | None = None
    source: str = ""
    mergeable: bool = False
    """Whether the value is text in `env` itself, which can be extended."""


@dataclass(frozen=True, slots=True)
class Present:
    """The variables of one container, by name: the one that counts at run time."""

    settings: Mapping[str, Setting]
    results: tuple[Result, ...] = ()

    def get(self, name: str) -> Setting | None:
        return self.settings.get(name)

    def without(self, names: Collection[str]) -> Present:
        """The same without some variables."""
        return Present({name: s for name, s in self.settings.items() if name not in names}, self.results)

    def value(self, name: str) -> str | None:
        """The value of a variable, where it can be seen."""
        setting = self.settings.get(name)
        return setting.value if setting else None


class EnvSources:
    """The ConfigMaps and Secrets of the input that `envFrom` may name; read when first asked for."""

    def __init__(self, items: Sequence[Item]):
        self._items = items
        self._index: dict[tuple[str, str, str], Resource] | None = None

    def __call__(self, kind: Literal["ConfigMap", "Secret"], namespace: str, name: str) -> dict[str, str | None] | None:
        if self._index is None:
            self._index = {}
            for item in self._items:
                if item.api_version == "v1" and item.kind in ("ConfigMap", "Secret") and (found := item.resource):
                    for known in found.names:
                        self._index[item.kind, found.namespace, known] = found
        resource = self._index.get((kind, namespace, name))
        if resource is None:
            return None
        keys: dict[str, str | None] = {}
        for field in ("data", "stringData"):
            mapping = as_mapping(resource.node(field))
            for key, value in mapping.pairs if mapping else ():
                keys[text_of(key) or ""] = (text_of(value) or "") if kind == "ConfigMap" else None
        return keys


def read_environment(container: Container, namespace: str, ref: Ref, source: EnvSource) -> Present:
    """The environment of a container; faults of `env` itself are error results."""
    found: dict[str, Setting] = {}
    results: list[Result] = []
    env_from = lookup(container.node, "envFrom")
    for i, entry in enumerate(env_from.items if isinstance(env_from, SequenceNode) else ()):
        path = field_path(*container.path, "envFrom", i)
        prefix = text_of(lookup(entry, "prefix")) or ""
        for kind, key in (("ConfigMap", "configMapRef"), ("Secret", "secretRef")):
            name = text_of(lookup(entry, key, "name"))
            for member, value in (source(kind, namespace, name) or {}).items() if name else ():  # type: ignore[arg-type]
                found[prefix + member] = Setting(prefix + member, value, path, None, f"{kind} {name}")
    env = lookup(container.node, "env")
    if not is_null(env) and not isinstance(env, SequenceNode):
        results.append(
            Result(
                "env-malformed",
                "error",
                "env has to be a list of name and value: write [{name: A, value: b}]",
                ref,
                field_path(*container.path, "env"),
            )
        )
    for i, item in enumerate(env.items if isinstance(env, SequenceNode) else ()):
        path = field_path(*container.path, "env", i)
        name = text_of(lookup(item, "name"))
        if not isinstance(deref(item), MappingNode) or not name:
            message = "an entry of env has to be a mapping with a name: write {name: A, value: b}"
            results.append(Result("env-malformed", "error", message, ref, path))
            continue
        value_node = lookup(item, "value")
        refers = not is_null(lookup(item, "valueFrom"))
        value = None if refers else text_of(value_node) or ""
        mergeable = not refers and isinstance(value_node, Scalar) and not is_null(value_node)
        found[name] = Setting(name, value, path, i, mergeable=mergeable)
    return Present(found, tuple(results))
