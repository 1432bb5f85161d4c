"""The ConfigMaps and Secrets of the input that `envFrom` may name, and what makes Secrets in the cluster.

Sources: sealed-secrets, `pkg/apis/sealedsecrets/v1alpha1` (the Secret has the SealedSecret's name);
external-secrets.io, `ExternalSecret` (`target.template` replaces the keys of `data` unless `mergePolicy` is Merge);
secrets-store.csi.x-k8s.io, `SecretProviderClass`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Final, Literal

from krm_otel.krm.item import Item
from krm_otel.krm.resource import Resource
from krm_otel.yamltext.nodes import Node
from krm_otel.yamltext.query import as_mapping, items_of, lookup, text_of

SourceKind = Literal["ConfigMap", "Secret"]
Keys = dict[str, str | None]
"""Keys with their values; None for the values of a Secret."""

_GROUPS: Final = {
    "SealedSecret": "bitnami.com",
    "ExternalSecret": "external-secrets.io",
    "SecretProviderClass": "secrets-store.csi.x-k8s.io",
}
"""Kinds from which a controller makes a Secret of the same namespace."""


class EnvSources:
    """The keys of ConfigMaps and Secrets; indexed when first asked for."""

    def __init__(self, items: Sequence[Item]):
        self._items = items

    def read(self, kind: SourceKind, namespace: str, name: str) -> Keys:
        """The keys of an object; empty where it is not in the input."""
        return self._index.get((kind, namespace, name), {})

    @cached_property
    def _index(self) -> dict[tuple[str, str, str], Keys]:
        index: dict[tuple[str, str, str], Keys] = {}
        for item in self._items:
            is_plain = item.api_version == "v1" and item.kind in ("ConfigMap", "Secret")
            is_maker = item.group == _GROUPS.get(item.kind)
            if not (is_plain or is_maker) or (resource := item.resource) is None:
                continue
            kind: SourceKind = "ConfigMap" if item.kind == "ConfigMap" else "Secret"
            for name, keys in _plain(resource) if is_plain else _made(resource):
                index.setdefault((kind, resource.namespace, name), {}).update(keys)
        return index


def _plain(resource: Resource) -> Iterator[tuple[str, Keys]]:
    keys: Keys = {}
    for section in ("data", "stringData"):
        mapping = as_mapping(resource.node(section))
        for key, value in mapping.pairs if mapping else ():
            keys[text_of(key) or ""] = (text_of(value) or "") if resource.kind == "ConfigMap" else None
    for name in resource.names:
        yield name, keys


def _made(resource: Resource) -> Iterator[tuple[str, Keys]]:
    """Names and keys of the Secrets that a controller makes, as far as the object says them."""
    if resource.kind == "SealedSecret":
        keys = [*_keys(resource.node("spec", "encryptedData")), *_keys(resource.node("spec", "template", "data"))]
        for name in resource.names:
            yield name, dict.fromkeys(keys)
    elif resource.kind == "ExternalSecret":
        keys = [text_of(lookup(entry, "secretKey")) or "" for entry in items_of(resource.node("spec", "data"))]
        template = _keys(resource.node("spec", "target", "template", "data"))
        merges = resource.text("spec", "target", "template", "mergePolicy") == "Merge"
        target = resource.text("spec", "target", "name")
        for name in [target] if target else resource.names:
            yield name, dict.fromkeys([*keys, *template] if merges or not template else template)
    else:
        for made in items_of(resource.node("spec", "secretObjects")):
            keys = [text_of(lookup(entry, "key")) or "" for entry in items_of(lookup(made, "data"))]
            yield text_of(lookup(made, "secretName")) or "", dict.fromkeys(keys)


def _keys(node: Node | None) -> list[str]:
    mapping = as_mapping(node)
    return [text_of(key) or "" for key, _ in mapping.pairs] if mapping else []
