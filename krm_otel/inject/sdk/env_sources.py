"""The ConfigMaps and Secrets of the input, and what makes them in the cluster or in kustomize: which keys they have.

Sources: sealed-secrets, `pkg/apis/sealedsecrets/v1alpha1` (the Secret has the SealedSecret's name);
external-secrets.io, `ExternalSecret` (`target.template` replaces the keys of `data` unless `mergePolicy` is Merge);
secrets-store.csi.x-k8s.io, `SecretProviderClass`; isindir/sops-secrets-operator, `SopsSecret`; cert-manager,
"Certificate resource" (the keys of its Secret); kustomize, `api/types/kustomization.go` (generators).
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Final, Literal

from krm_otel.dataclass import dataclass
from krm_otel.krm.item import Item
from krm_otel.krm.resource import Resource
from krm_otel.yamltext.nodes import Node
from krm_otel.yamltext.query import as_mapping, is_null, items_of, lookup, text_of

SourceKind = Literal["ConfigMap", "Secret"]
Keys = dict[str, str | None]
"""Keys with their values; None for the values of a Secret, and of a file."""

_GROUPS: Final = {
    "SealedSecret": "bitnami.com",
    "ExternalSecret": "external-secrets.io",
    "SecretProviderClass": "secrets-store.csi.x-k8s.io",
    "SopsSecret": "isindir.github.com",
    "Certificate": "cert-manager.io",
    "Kustomization": "kustomize.config.k8s.io",
}
"""Kinds from which something makes a Secret of the same namespace, or a ConfigMap."""


@dataclass(frozen=True, slots=True)
class _Made:
    """An object that will be in the cluster; `complete`: there are no further keys."""

    kind: SourceKind
    namespace: str
    name: str
    keys: Keys
    complete: bool = True


class EnvSources:
    """The keys of ConfigMaps and Secrets; indexed when first asked for."""

    def __init__(self, items: Sequence[Item]):
        self._items = items

    def read(self, kind: SourceKind, namespace: str, name: str) -> Keys:
        """The known keys of an object; empty where it is not in the input."""
        return self._index.get((kind, namespace, name), ({}, False))[0]

    def lacks(self, kind: SourceKind, namespace: str, name: str, key: str) -> tuple[str, ...]:
        """The keys that an object has instead of this one; empty where it has it, or where that is not known."""
        keys, complete = self._index.get((kind, namespace, name), ({}, False))
        return tuple(keys) if complete and key not in keys else ()

    @cached_property
    def _index(self) -> dict[tuple[str, str, str], tuple[Keys, bool]]:
        index: dict[tuple[str, str, str], tuple[Keys, bool]] = {}
        for item in self._items:
            is_plain = item.api_version == "v1" and item.kind in ("ConfigMap", "Secret")
            is_maker = item.group == _GROUPS.get(item.kind)
            if not (is_plain or is_maker) or (resource := item.resource) is None:
                continue
            for made in _plain(resource) if is_plain else _MAKERS[item.kind](resource):
                keys, complete = index.get((made.kind, made.namespace, made.name), ({}, True))
                merged = ({**keys, **made.keys}, complete and made.complete)
                index[made.kind, made.namespace, made.name] = merged
        return index


def _plain(resource: Resource) -> Iterator[_Made]:
    kind: SourceKind = "ConfigMap" if resource.kind == "ConfigMap" else "Secret"
    keys: Keys = dict.fromkeys(_keys(resource.node("binaryData")))
    for section in ("data", "stringData"):
        mapping = as_mapping(resource.node(section))
        for key, value in mapping.pairs if mapping else ():
            keys[text_of(key) or ""] = (text_of(value) or "") if kind == "ConfigMap" else None
    for name in resource.names:
        yield _Made(kind, resource.namespace, name, keys)


def _sealed(resource: Resource) -> Iterator[_Made]:
    keys = [*_keys(resource.node("spec", "encryptedData")), *_keys(resource.node("spec", "template", "data"))]
    patches = resource.annotations.get("sealedsecrets.bitnami.com/patch") == "true"  # a Secret that is there
    for name in resource.names:
        yield _Made("Secret", resource.namespace, name, dict.fromkeys(keys), not patches)


def _external(resource: Resource) -> Iterator[_Made]:
    keys = [text_of(lookup(entry, "secretKey")) or "" for entry in items_of(resource.node("spec", "data"))]
    template = _keys(resource.node("spec", "target", "template", "data"))
    elsewhere = [("spec", "dataFrom"), ("spec", "target", "template", "templateFrom")]
    replaced = bool(template) and resource.text("spec", "target", "template", "mergePolicy") != "Merge"
    merges = resource.text("spec", "target", "creationPolicy") == "Merge"  # into a Secret that is there
    complete = not merges and all(is_null(resource.node(*path)) for path in elsewhere)
    target = resource.text("spec", "target", "name")
    for name in [target] if target else resource.names:
        made = template if replaced else [*keys, *template]
        yield _Made("Secret", resource.namespace, name, dict.fromkeys(made), complete)


def _provider_class(resource: Resource) -> Iterator[_Made]:
    for made in items_of(resource.node("spec", "secretObjects")):
        keys = [text_of(lookup(entry, "key")) or "" for entry in items_of(lookup(made, "data"))]
        yield _Made("Secret", resource.namespace, text_of(lookup(made, "secretName")) or "", dict.fromkeys(keys))


def _sops(resource: Resource) -> Iterator[_Made]:
    for made in items_of(resource.node("spec", "secretTemplates")):
        keys = [*_keys(lookup(made, "data")), *_keys(lookup(made, "stringData"))]
        yield _Made("Secret", resource.namespace, text_of(lookup(made, "name")) or "", dict.fromkeys(keys))


def _certificate(resource: Resource) -> Iterator[_Made]:
    complete = all(is_null(resource.node("spec", field)) for field in ("additionalOutputFormats", "keystores"))
    keys: Keys = dict.fromkeys(("tls.crt", "tls.key", "ca.crt"))
    yield _Made("Secret", resource.namespace, resource.text("spec", "secretName") or "", keys, complete)


def _kustomization(resource: Resource) -> Iterator[_Made]:
    """What `secretGenerator` and `configMapGenerator` make; whoever names it has the name without its hash."""
    kinds: tuple[tuple[SourceKind, str], ...] = (("Secret", "secretGenerator"), ("ConfigMap", "configMapGenerator"))
    for kind, field in kinds:
        for entry in items_of(resource.node(field)):
            literals = [(text_of(text) or "").partition("=") for text in items_of(lookup(entry, "literals"))]
            files = [(text_of(text) or "").partition("=") for text in items_of(lookup(entry, "files"))]
            keys: Keys = {key: None if kind == "Secret" else value for key, _, value in literals}
            keys.update({key if equals else posixpath.basename(key): None for key, equals, _ in files})
            namespace = text_of(lookup(entry, "namespace")) or resource.text("namespace") or ""
            complete = all(is_null(lookup(entry, source)) for source in ("envs", "env", "behavior"))
            yield _Made(kind, namespace, text_of(lookup(entry, "name")) or "", keys, complete)


_MAKERS: Final = {
    "SealedSecret": _sealed,
    "ExternalSecret": _external,
    "SecretProviderClass": _provider_class,
    "SopsSecret": _sops,
    "Certificate": _certificate,
    "Kustomization": _kustomization,
}


def _keys(node: Node | None) -> list[str]:
    mapping = as_mapping(node)
    return [text_of(key) or "" for key, _ in mapping.pairs] if mapping else []
