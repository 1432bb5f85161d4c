"""Inputs for the tests of configuration, as short texts."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence

from krm_otel.config.resolve.configuration import resolve
from krm_otel.config.settings import Configuration, Settings
from krm_otel.diagnostics.catalogue import RULES
from krm_otel.diagnostics.result import Result
from krm_otel.krm.resource import Resource
from krm_otel.yamltext.parse import compose
from krm_otel.yamltext.query import as_mapping

ENDPOINT = "http://collector:4317"
BACKENDS = """
backends:
  plain: {endpoint: "http://plain:4317"}
  base: {type: otlp, endpoint: "http://base:4318/otlp/", headers: {X-Scope-OrgID: {secret: s, key: k}},
    tls: {ca: {config_map: c}}}
  jaeger: {type: jaeger, endpoint: "http://jaeger:4317"}
  loki: {type: loki, endpoint: "http://loki:3100"}
  bare: {}
"""
"""Backends of an OTelConfig, as the last fields of its spec."""


def resource(text: str, position: int = -1) -> Resource:
    """One object from its text."""
    root = as_mapping(compose(textwrap.dedent(text)))
    assert root is not None
    return Resource(root, position)


def class_runtime(block: str = "", name: str = "echo", more: str = "", namespace: str = "demo") -> str:
    """A ClassRuntime with `block` below `spec`."""
    head = f"apiVersion: oaas.io/v1alpha1\nkind: ClassRuntime\nmetadata:\n  name: {name}\n  namespace: {namespace}\n"
    return head + more + "spec:\n  functions: []\n" + textwrap.indent(textwrap.dedent(block), "  ")


def observability(block: str, **about: str) -> str:
    """A ClassRuntime with `block` as `spec.observability`."""
    return class_runtime("observability:\n" + textwrap.indent(textwrap.dedent(block), "  "), **about)


def otel_config(spec: str, name: str = "cluster") -> str:
    """An OTelConfig."""
    head = f"apiVersion: fn.oaas.io/v1alpha1\nkind: OTelConfig\nmetadata:\n  name: {name}\nspec:\n"
    return head + textwrap.indent(textwrap.dedent(spec), "  ")


def config_map(data: str) -> str:
    """A ConfigMap in the flat form."""
    head = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: function-input\ndata:\n"
    return head + textwrap.indent(textwrap.dedent(data), "  ")


def resolved(
    items: Sequence[str] = (), config: str | None = None, environ: Mapping[str, str] | None = None
) -> tuple[Configuration, list[Result]]:
    """`resolve` on texts; every result has a known code and a message of one line."""
    configuration, results = resolve(
        resource(config) if config is not None else None,
        [resource(text, position) for position, text in enumerate(items)],
        environ or {},
    )
    for result in results:
        assert result.code in RULES
        assert result.message.isprintable()
        assert result.to_dict()["message"]
    return configuration, results


def settings_of(
    item: str, config: str | None = None, environ: Mapping[str, str] | None = None
) -> tuple[Settings | None, list[Result]]:
    """The settings of a single class."""
    configuration, results = resolved([item], config, environ)
    (found,) = configuration.classes
    return found.settings, results


def valid_settings(item: str, config: str | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """The settings of a single class without errors."""
    settings, results = settings_of(item, config, environ)
    assert [r.line() for r in results if r.severity == "error"] == []
    assert settings is not None
    return settings


def codes_and_paths(results: Sequence[Result], severity: str = "error") -> list[tuple[str, str]]:
    """Code and field path of the results of one severity."""
    return [(result.code, result.field_path) for result in results if result.severity == severity]
