"""Checks of single values that go beyond their type; each returns the value to use, or raises a finding."""

from __future__ import annotations

import math
import re
from typing import Final

from pydantic import ValidationInfo

from krm_otel import names
from krm_otel.config.types.finding import Finding, advise, fault
from krm_otel.diagnostics.rules import collector as collector_rules
from krm_otel.diagnostics.rules import destinations as destinations_rules
from krm_otel.diagnostics.rules import fields as fields_rules
from krm_otel.diagnostics.rules import sampling as sampling_rules
from krm_otel.diagnostics.suggestion import listed, nearest

HIGH_RATE: Final = 0.5
"""A sampling rate above this gets a warning (the proposal's section 13)."""

PLACEHOLDERS: Final = ("class", "container", "function_key", "workload", "namespace")
"""What `service_name_template` may name in braces."""

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_SUBDOMAIN: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\Z")
_DATA_KEY: Final = re.compile(r"[-._a-zA-Z0-9]+\Z")
_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")
_ATTRIBUTE_KEY: Final = re.compile(r"[!-~]+\Z")
_NOT_IN_KEYS: Final = re.compile(r"[^!-~]|[=,%;\"\\]")
_LABEL: Final = re.compile(r"[A-Za-z0-9]([-._A-Za-z0-9]*[A-Za-z0-9])?\Z")
_KEY: Final = re.compile(r"[A-Za-z0-9]([-._A-Za-z0-9]{0,61}[A-Za-z0-9])?\Z")
_BACKEND: Final = re.compile(r"[A-Za-z0-9]([-._A-Za-z0-9]*[A-Za-z0-9])?\Z")
_API_VERSION: Final = re.compile(r"([a-z0-9]([-.a-z0-9]*[a-z0-9])?/)?v[0-9]+((alpha|beta)[0-9]+)?\Z")
_KIND: Final = re.compile(r"[A-Z][A-Za-z0-9]*\Z")
_FIELD_PATH: Final = re.compile(r"[A-Za-z_][-A-Za-z0-9_]*(\.[A-Za-z_][-A-Za-z0-9_]*)*\Z")


def share(value: float, info: ValidationInfo) -> float:
    """A share between 0.0 and 1.0: clamped with a warning outside."""
    if not math.isfinite(value):
        raise fault(
            sampling_rules.SAMPLING_RATE_INVALID,
            "must be a number between 0.0 and 1.0: write 0.1 for one trace in ten",
            proposed=0.1,
        )
    used = min(max(value, 0.0), 1.0)
    if used != value:
        text = f"lies outside 0.0 to 1.0, {used} is used: write {used}, or 0.1 for one trace in ten"
        advise(info, Finding(sampling_rules.SAMPLING_RATE_CLAMPED, text, proposed=used), used)
    return abs(used)  # a written -0.0 is 0.0 in a sampler's argument


def sampling_rate(value: float, info: ValidationInfo) -> float:
    """A share of all traces; a warning above 0.5."""
    used = share(value, info)
    if used > HIGH_RATE:
        text = f"keeps more than half of all traces, which is costly in production: write {HIGH_RATE} or less"
        advise(info, Finding(sampling_rules.SAMPLING_RATE_HIGH, text, proposed=HIGH_RATE), used)
    return used


def propagator(value: str, info: ValidationInfo) -> str:
    """A warning for propagators that OpenTelemetry has deprecated."""
    if value in ("jaeger", "ottrace"):
        text = f"names the deprecated propagator {value}: write w3c, or b3 where older services need it"
        advise(info, Finding(sampling_rules.PROPAGATOR_DEPRECATED, text, proposed="w3c"), value)
    return value


def propagators(value: tuple[str, ...]) -> tuple[str, ...]:
    """`none` stands alone, and an empty list means nothing; doubles go."""
    unique = tuple(dict.fromkeys(value))
    if not unique:
        raise fault(
            sampling_rules.PROPAGATORS_EMPTY,
            "must name at least one propagator: write [none] to propagate nothing",
            proposed=["none"],
        )
    if "none" in unique and len(unique) > 1:
        others = [name for name in unique if name != "none"]
        text = f"has none beside {listed(others, 'and')}: write [none] alone, or leave none out"
        raise fault(sampling_rules.PROPAGATORS_NONE, text, proposed=others)
    return unique


def printable(value: str) -> str:
    """A text without control characters."""
    if found := _CONTROL.search(value):
        raise fault(
            fields_rules.CONTROL_CHARACTER, f"contains the control character U+{ord(found[0]):04X}: leave it out"
        )
    return value


def service_name(value: str) -> str:
    """A name: not blank, no control characters."""
    if not value.strip():
        raise fault(fields_rules.SERVICE_NAME_EMPTY, "must not be empty: write a name, or leave the field out")
    return printable(value)


def template(value: str) -> str:
    """A service name with placeholders in braces."""
    service_name(value)
    for name in re.findall(r"\{([^{}]*)\}", value):
        if name not in PLACEHOLDERS:
            meant = nearest(name, PLACEHOLDERS)
            known = listed([f"{{{p}}}" for p in PLACEHOLDERS], "and")
            proposed = value.replace(f"{{{name}}}", f"{{{meant}}}") if meant else None
            write = f"write {{{meant}}}" if meant else "write one of them"
            raise fault(fields_rules.TEMPLATE_PLACEHOLDER, f"knows {known}, not {{{name}}}: {write}", proposed=proposed)
    if "{" in (rest := re.sub(r"\{[^{}]*\}", "", value)) or "}" in rest:
        raise fault(fields_rules.TEMPLATE_PLACEHOLDER, "has a brace without its partner: write {class}-{container}")
    return value


def attribute_key(value: str) -> str:
    """A resource attribute's key, as OTEL_RESOURCE_ATTRIBUTES can carry it: it has no escapes for keys."""
    if not _ATTRIBUTE_KEY.match(value) or _NOT_IN_KEYS.search(value):
        better = _NOT_IN_KEYS.sub("_", value).strip("_")
        text = 'must be a key of printable ASCII without spaces and = , % ; " \\'
        raise fault(
            fields_rules.ATTRIBUTE_KEY,
            text + (f": write {better}" if better else ": write a name"),
            proposed=better or None,
        )
    return value


def image(value: str) -> str:
    """A container image: not empty, no white space."""
    if not value or re.search(r"\s", value):
        better = "".join(value.split())
        raise fault(
            collector_rules.IMAGE_INVALID, "must be an image reference without white space", proposed=better or None
        )
    return printable(value)


def object_name(value: str) -> str:
    """The name of a Kubernetes Secret or ConfigMap."""
    if len(value) > 253 or not _SUBDOMAIN.match(value):
        text = "must be the name of a Kubernetes object: lower-case letters, digits, - and . (at most 253)"
        raise fault(fields_rules.OBJECT_NAME, text)
    return value


def namespace_name(value: str) -> str:
    """The name of a Kubernetes namespace: it is part of host names."""
    if len(value) > 63 or not _SUBDOMAIN.match(value) or "." in value:
        text = "must be the name of a namespace: lower-case letters, digits and - (at most 63)"
        raise fault(fields_rules.OBJECT_NAME, text)
    return value


def data_key(value: str) -> str:
    """A key of a Secret's or ConfigMap's data."""
    if len(value) > 253 or not _DATA_KEY.match(value) or value in (".", ".."):
        raise fault(
            fields_rules.DATA_KEY, "must be a key of a Secret or ConfigMap: letters, digits, -, _ and . (at most 253)"
        )
    return value


def header_name(value: str) -> str:
    """An HTTP header's name."""
    if not _TOKEN.match(value):
        raise fault(
            fields_rules.HEADER_NAME, "must have a header's name as its key: letters, digits and - as in X-Scope-OrgID"
        )
    return value


def backend_name(value: str) -> str:
    """The name of a backend: no `:` or `/`, so that it cannot be taken for an endpoint."""
    if not _BACKEND.match(value):
        raise fault(destinations_rules.BACKEND_NAME, "must have a name of letters, digits, -, _ and . as its key")
    return value


def word(value: str) -> str:
    """A text that is not empty and has no white space, as globs and container names are."""
    if not value or re.search(r"\s", value):
        raise fault(
            fields_rules.NOT_A_WORD, "must not be empty or contain white space", proposed="".join(value.split()) or None
        )
    return printable(value)


def is_key(value: str) -> bool:
    """Whether this can be the key of a Kubernetes label or annotation: a name, behind a domain or none."""
    prefix, slash, name = value.rpartition("/")
    domain = len(prefix) <= 253 and _SUBDOMAIN.match(prefix)
    return bool(_KEY.match(name) and (domain or not slash))


def label_key(value: str) -> str:
    """A Kubernetes label's key."""
    if not is_key(value):
        raise fault(fields_rules.LABEL_INVALID, "must have a Kubernetes label key such as app.kubernetes.io/name")
    return value


def own_label_key(value: str) -> str:
    """The key of a label that our objects get, too: none of those by which they are ours, and found."""
    if value in names.OUR_LABELS:
        raise fault(fields_rules.KEY_RESERVED, "is a label that we set ourselves: write another key, or leave it out")
    return label_key(value)


def label_value(value: str) -> str:
    """A Kubernetes label's value; it may be empty."""
    if value and (len(value) > 63 or not _LABEL.match(value)):
        raise fault(fields_rules.LABEL_INVALID, "must be a label value: at most 63 letters, digits, -, _ and .")
    return value


def api_version(value: str) -> str:
    """`group/version`, or `v1`."""
    if not _API_VERSION.match(value):
        raise fault(fields_rules.KIND_INVALID, "must be an apiVersion such as argoproj.io/v1alpha1")
    return value


def kind(value: str) -> str:
    """A kind as it stands in manifests."""
    if not _KIND.match(value):
        better = value[:1].upper() + value[1:]
        proposed = better if _KIND.match(better) else None
        raise fault(
            fields_rules.KIND_INVALID,
            "must be a kind such as Rollout" + (f": write {proposed}" if proposed else ""),
            proposed=proposed,
        )
    return value


def field_path(value: str) -> str:
    """The dotted path of a pod template."""
    if not _FIELD_PATH.match(value):
        better = value.strip("./$").replace("/", ".")
        proposed = better if _FIELD_PATH.match(better) else "spec.template"
        raise fault(
            fields_rules.KIND_PATH, f"must be the dotted path of the pod template: write {proposed}", proposed=proposed
        )
    return value
