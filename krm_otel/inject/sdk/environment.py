"""The existing environment of a container: its `env`, and the variables that `envFrom` brings in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from krm_otel import names
from krm_otel.dataclass import dataclass
from krm_otel.diagnostics.field_path import field_path
from krm_otel.diagnostics.result import Ref, Result
from krm_otel.diagnostics.rule import Location
from krm_otel.diagnostics.rules.workloads import ENV_MALFORMED
from krm_otel.inject.sdk.env_sources import EnvSources, SourceKind
from krm_otel.otlp import SIGNALS, exporter_variable
from krm_otel.workloads.containers import Container
from krm_otel.yamltext.nodes import Scalar
from krm_otel.yamltext.nodes import Sequence as SequenceNode
from krm_otel.yamltext.query import as_mapping, deref, is_null, items_of, lookup, members, text_of

ADOPTED: Final = frozenset(
    (
        names.E_ENDPOINT,
        names.E_PROTOCOL,
        names.E_SERVICE_NAME,
        names.E_SAMPLER,
        names.E_SAMPLER_ARG,
        names.E_PROPAGATORS,
        *(exporter_variable(signal) for signal in SIGNALS),
    )
)
"""Variables that `adopt` takes over. Never headers, which may be secrets; attributes are merged anyway."""


@dataclass(frozen=True, slots=True)
class ExistingVariable:
    """A variable that is already set.

    Args:
        value: None where only the cluster knows it.
        path: the field path of its entry.
        index: its index in `env`; None where it comes by `envFrom` from `source`.
        mergeable: whether the value is text in `env` itself, which can be extended.
    """

    name: str
    value: str | None
    path: str
    index: int | None = None
    source: str = ""
    mergeable: bool = False


Environment = Mapping[str, ExistingVariable]
"""The variables of one container, by name; of several entries, the one that counts at run time."""


def read_environment(
    container: Container, namespace: str, ref: Ref, sources: EnvSources
) -> tuple[Environment, list[Result]]:
    """The environment of a container, and the faults of its `env`."""
    variables: dict[str, ExistingVariable] = {}
    results: list[Result] = []
    references: tuple[tuple[SourceKind, str], ...] = (("ConfigMap", "configMapRef"), ("Secret", "secretRef"))
    for i, entry in enumerate(items_of(lookup(container.node, "envFrom"))):
        path = field_path(*container.path, "envFrom", i)
        prefix = text_of(lookup(entry, "prefix")) or ""
        for kind, reference in references:
            source = text_of(lookup(entry, reference, "name"))
            for key, value in sources.read(kind, namespace, source).items() if source else ():
                variables[prefix + key] = ExistingVariable(prefix + key, value, path, source=f"{kind} {source}")
    env = lookup(container.node, "env")
    if not is_null(env) and not isinstance(env, SequenceNode):
        location = Location(ref, field_path(*container.path, "env"), "env")
        fix = "write [{name: A, value: b}]"
        results.append(ENV_MALFORMED.at(location, "has to be a list of names and values", fix=fix))
    at = field_path(*container.path, "env")
    for i, item in enumerate(items_of(env)):
        path = f"{at}[{i}]"
        mapping = as_mapping(item)
        fields = {} if mapping is None else members(mapping)
        name = text_of(fields.get("name"))
        if not name:
            location = Location(ref, path, f"env[{i}]")
            fix = "write {name: A, value: b}"
            results.append(ENV_MALFORMED.at(location, "has to be a mapping with a name", fix=fix))
            continue
        node = deref(fields.get("value"))
        is_reference = not is_null(fields.get("valueFrom"))
        value = None if is_reference else text_of(node) or ""
        mergeable = not is_reference and isinstance(node, Scalar) and not is_null(node)
        variables[name] = ExistingVariable(name, value, path, i, mergeable=mergeable)
    return variables, results
