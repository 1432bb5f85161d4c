"""ClassRuntimes whose telemetry is configured, and off all the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from krm_otel.config.settings import OaasClass
from krm_otel.diagnostics.field_path import field_path
from krm_otel.diagnostics.result import Result
from krm_otel.diagnostics.rule import Location
from krm_otel.diagnostics.rules import near_misses as rules
from krm_otel.diagnostics.suggestion import nearest
from krm_otel.names import BLOCK
from krm_otel.yamltext.nodes import Mapping, Scalar
from krm_otel.yamltext.query import is_null

_TOP_LEVEL: Final = frozenset(("apiVersion", "kind", "metadata", "spec", "status"))


def misplaced_block(oaas_class: OaasClass) -> Iterator[Result]:
    """A block beside `spec`, or in `metadata`: a wrong indentation."""
    resource = oaas_class.resource
    if resource is None:
        return
    for path, mapping in (((), resource.root), (("metadata",), resource.node("metadata"))):
        for key, _ in mapping.pairs if isinstance(mapping, Mapping) else ():
            if isinstance(key, Scalar) and key.value not in _TOP_LEVEL and nearest(key.value, [BLOCK], 0.88):
                where = Location(oaas_class.ref, field_path(*path, key.value), field_path(*path, key.value))
                fix, proposed = f"write it in spec, as spec.{BLOCK}", f"spec.{BLOCK}"
                text = "is not in spec, so krm-otel does not read it"
                yield rules.BLOCK_MISPLACED.at(where, text, fix=fix, proposed=proposed)


def not_enabled(oaas_class: OaasClass) -> Iterator[Result]:
    """A block that says something, but not whether it is on, and nothing else that says so."""
    settings, resource = oaas_class.settings, oaas_class.resource
    if settings is None or resource is None or settings.enabled.value or settings.enabled.source.kind != "default":
        return
    if resource.text("spec", "telemetry", "enabled") == "true":
        return  # a result of its own says that this is not read beside the block
    if is_null(resource.node("spec", BLOCK)):
        where = Location(oaas_class.ref)
        text, fix = "no source says enabled for this class, so it is off", "write enabled: true beside its settings"
    else:
        where = Location(oaas_class.ref, f"spec.{BLOCK}.enabled", f"{BLOCK}.enabled")
        text, fix = "is missing, so the class is off", "write enabled: true"
    yield rules.NOT_ENABLED.at(where, text, fix=fix, proposed=True)
