"""Whether what the user's part refers to is there: variables, files, and providers of values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from krm_otel.collector.config.environment import DOWNWARD
from krm_otel.collector.consistency.files import mounted, volume_for
from krm_otel.collector.consistency.problem import Deployed, Problem
from krm_otel.collector.reading.references import Reference, references, texts
from krm_otel.config.settings import CollectorSettings
from krm_otel.config.types.endpoint import host_variable, is_node_address
from krm_otel.diagnostics.field_path import Step
from krm_otel.diagnostics.result import Result
from krm_otel.diagnostics.rules import destinations as destination_rules
from krm_otel.diagnostics.rules import merged_config as rules
from krm_otel.diagnostics.suggestion import listed, nearest
from krm_otel.regex import regex

SCHEMES: Final = ("env", "file", "yaml", "http", "https")
"""The providers of every published image (`opentelemetry-collector-releases`, `distributions/*/manifest.yaml`)."""
_GIVEN: Final = regex(
    r"HOSTNAME|PATH|HOME|KUBERNETES_\w+|\w+_SERVICE_(HOST|PORT\w*)|\w+_PORT(_\w+)?|K_(SERVICE|CONFIGURATION|REVISION)"
)
"""What the kubelet, the runtime and Knative give every container."""
_NAME: Final = regex(r"[A-Za-z_][A-Za-z0-9_]*")
_OLD: Final = regex(r"\$[A-Z][A-Z0-9_]+")
"""The spelling of a variable that collectors before v0.104 read."""


def reference_problems(deployed: Deployed) -> Iterator[Problem]:
    """References that end in nothing."""
    for steps, reference in references(deployed.own):
        if reference.scheme == "env":
            yield from _variable(deployed, steps, reference)
        elif reference.scheme == "file":
            if not mounted(deployed, reference.name):
                text = f"refers to {reference.name}, a file that nothing mounts into the collector's container"
                fix = f"write {volume_for(reference.name, 'secret: <name>')}, or ${{env:NAME}} with collector.env"
                yield Problem(rules.CONFIG_REFERENCE, steps, text, fix, deployed.uncertain)
        elif reference.scheme not in SCHEMES and deployed.published_image:
            name, _, default = reference.text[2:-1].partition(":-")
            meant = f"${{env:{name}:-{default}}}" if default and _NAME.fullmatch(name) else ""
            text = f"has {reference.text}, and the collector knows no provider {reference.scheme}"
            yield Problem(rules.CONFIG_REFERENCE, steps, text, f"write {meant or listed(SCHEMES)}")
    for steps, text in texts(deployed.own):
        if _OLD.fullmatch(text):
            said = f"is {text}, which the collector takes literally"
            fix = f"write ${{env:{text[1:]}}}, or ${text} if you mean the text"
            yield Problem(rules.CONFIG_REFERENCE, steps, said, fix, severity="warning")


def pod_fields_missing(collector: CollectorSettings) -> Iterator[Result]:
    """Errors for variables with fields of the pod, which a sidecar on Knative cannot have (`fieldRef` is refused)."""
    for target in (target for targets in collector.exporters.values() for target in targets):
        name = host_variable(target.value.url)
        if name and is_node_address(name) and name not in collector.env:
            text = f"is {target.value.url}, and no sidecar knows the address of its node in a Knative pod"
            fix = "write the name of a Service, or mode: deployment"
            yield target.with_value(target.value.url).report(destination_rules.ENDPOINT_VARIABLE, text, fix=fix)
    own = collector.config
    if own is None:
        return
    for steps, reference in references(own.value):
        if reference.scheme == "env" and reference.name in DOWNWARD and reference.default is None:
            text = f"refers to the variable {reference.name}, which no sidecar has in a Knative pod"
            fix = f"write ${{env:{reference.name}:-<default>}}, or mode: deployment"
            yield own.inside(reference.text, *steps).report(rules.CONFIG_REFERENCE, text, fix=fix)


def _variable(deployed: Deployed, steps: tuple[Step, ...], reference: Reference) -> Iterator[Problem]:
    name = reference.name
    if not _NAME.fullmatch(name):
        text = f"has {reference.text}, which names no variable"
        yield Problem(rules.CONFIG_REFERENCE, steps, text, "write ${env:NAME}, or $${…} for the text itself")
        return
    defined = [str(entry["name"]) for entry in deployed.container["env"]]
    if reference.default is not None or name in defined or _GIVEN.fullmatch(name):
        return
    if deployed.container.get("envFrom"):
        return  # only the cluster knows what is in there
    if any(name.startswith(source.get("prefix", "")) for source in deployed.container.get("envFrom", ())):
        return  # only the cluster knows the keys
    if deployed.operator and name == "POD_NAME":
        return  # the Operator sets it
    near = nearest(name, [*defined, *DOWNWARD], cutoff=0.8)
    text = f"refers to the variable {name}, which the collector's container does not have, so it would be empty"
    fix = f"write ${{env:{near}}}" if near else f"write collector.env.{name}, or ${{env:{name}:-<default>}}"
    yield Problem(rules.CONFIG_REFERENCE, steps, text, fix, deployed.uncertain)
