"""Keys that the settings of a class name, and that a Secret or ConfigMap of the input does not have.

A pod with such a reference does not start: CreateContainerConfigError, or a mount that waits for ever.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from krm_otel.config.schema.credentials import Variable
from krm_otel.config.settings import CollectorSettings, Endpoint, FileSource, Header, OaasClass, Settings, Target, Tls
from krm_otel.diagnostics.result import Result
from krm_otel.diagnostics.rules import destinations as rules
from krm_otel.diagnostics.suggestion import listed, nearest
from krm_otel.inject.sdk.env_sources import EnvSources, SourceKind

_SHOWN: Final = 8
"""Keys that a message lists."""
_Reference = tuple[SourceKind, str, str]
"""Kind and name of an object, and the key."""


def missing_keys(owners: Iterable[tuple[OaasClass, Settings]], sources: EnvSources) -> Iterator[Result]:
    """A warning for each key that is missing in a namespace, at the first class that needs it."""
    reported: set[tuple[str, _Reference]] = set()
    for owner, settings in owners:
        for kind, name, key in references(settings):
            wanted = (owner.namespace, (kind, name, key))
            if wanted in reported or not (known := sources.lacks(kind, owner.namespace, name, key)):
                continue
            reported.add(wanted)
            meant = nearest(key, known)
            text = f"the settings name the key {key} of {kind} {name}, which has "
            text += f"{listed(known[:_SHOWN], 'and')} in this input"
            yield rules.KEY_MISSING.at(owner.ref, text, fix=f"write {meant}" if meant else "write one of its keys")


def references(settings: Settings) -> Iterator[_Reference]:
    """The keys of Secrets and ConfigMaps that SDKs and collector of a class need."""
    for endpoint in filter(None, (settings.endpoint, *settings.exporters.values())):
        yield from _connection(endpoint.value)
    for sourced in settings.env.values():
        yield from _variable(sourced.value)
    is_on_nodes = settings.collector is not None and settings.mode.value == "daemonset"
    if (tls := settings.sender_tls) and not is_on_nodes:  # senders are in other namespaces there
        yield from _tls(tls)
    if settings.collector is not None:
        yield from _collector(settings.collector)


def _collector(collector: CollectorSettings) -> Iterator[_Reference]:
    for targets in collector.exporters.values():
        for target in targets:
            yield from _connection(target.value)
    for variable in collector.env.values():
        yield from _variable(variable)
    if tls := collector.receiver_tls:
        yield from _files((tls.certificate, tls.key, tls.client_ca))


def _variable(variable: Variable) -> Iterator[_Reference]:
    if variable.key is not None:
        kind: SourceKind = "Secret" if variable.secret else "ConfigMap"
        yield kind, variable.secret or variable.config_map or "", variable.key


def _connection(place: Endpoint | Target) -> Iterator[_Reference]:
    headers: tuple[Header, ...] = place.headers
    yield from (("Secret", header.secret, header.key) for header in headers if header.secret)
    yield from _tls(place.tls)


def _tls(tls: Tls) -> Iterator[_Reference]:
    return _files((tls.ca, tls.client_certificate, tls.client_key))


def _files(files: Iterable[FileSource | None]) -> Iterator[_Reference]:
    return ((file.kind, file.name, file.key) for file in files if file is not None)
