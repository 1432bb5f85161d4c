"""Checks of names, labels, annotations, kinds and images in Kubernetes; each returns the value, or raises a finding.

Source: Kubernetes documentation, "Object Names and IDs", "Labels and Selectors", "Annotations".
"""

from __future__ import annotations

import re
from typing import Final

from krm_otel import names
from krm_otel.config.types.finding import fault, write
from krm_otel.config.types.text import matching, without_space
from krm_otel.diagnostics.rules import collector as collector_rules
from krm_otel.diagnostics.rules import fields as rules
from krm_otel.regex import regex

_SUBDOMAIN: Final = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*"
_KEY: Final = rf"((?=[^/]{{1,253}}/){_SUBDOMAIN}/)?[A-Za-z0-9]([-._A-Za-z0-9]{{0,61}}[A-Za-z0-9])?"
"""Of labels and annotations: a name, with a domain or without."""
_REGISTRY: Final = regex(r"[A-Za-z0-9]([-.A-Za-z0-9]*[A-Za-z0-9])?(:[0-9]{1,5})?(/[a-z0-9]+([-._]+[a-z0-9]+)*)*")
_KIND: Final = regex(r"[A-Z][A-Za-z0-9]*")
_FIELD_PATH: Final = regex(r"[A-Za-z_][-A-Za-z0-9_]*(\.[A-Za-z_][-A-Za-z0-9_]*)*")

object_name = matching(
    _SUBDOMAIN,
    rules.OBJECT_NAME,
    "must be the name of a Kubernetes object: lower-case letters, digits, - and . (at most 253)",
    253,
)
namespace_name = matching(
    r"[a-z0-9]([-a-z0-9]*[a-z0-9])?",  # it is part of host names
    rules.OBJECT_NAME,
    "must be the name of a namespace: lower-case letters, digits and - (at most 63)",
    63,
)
data_key = matching(
    r"(?!\.\.?\Z)[-._a-zA-Z0-9]+",
    rules.DATA_KEY,
    "must be a key of a Secret or ConfigMap: letters, digits, -, _ and . (at most 253)",
    253,
)
label_key = matching(_KEY, rules.LABEL_INVALID, "must have a Kubernetes label key such as app.kubernetes.io/name")
label_value = matching(
    r"([A-Za-z0-9]([-._A-Za-z0-9]*[A-Za-z0-9])?)?",
    rules.LABEL_INVALID,
    "must be a label value: at most 63 letters, digits, -, _ and .",
    63,
)
_annotation_key = matching(_KEY, rules.ANNOTATION_INVALID, "must have an annotation's key such as prometheus.io/scrape")
api_version = matching(
    r"([a-z0-9]([-.a-z0-9]*[a-z0-9])?/)?v[0-9]+((alpha|beta)[0-9]+)?",
    rules.KIND_INVALID,
    "must be an apiVersion such as argoproj.io/v1alpha1",
)
_variable_name = matching(
    r"[A-Za-z_][A-Za-z0-9_]*",
    rules.VARIABLE_NAME,
    "must be a variable's name: letters, digits and _, as in API_TOKEN",
)
variable_prefix = matching(
    r"[A-Za-z_][A-Za-z0-9_]*", rules.VARIABLE_NAME, "must be the beginning of variables' names, as in VENDOR_"
)
volume_name = matching(
    r"[a-z0-9]([-a-z0-9]*[a-z0-9])?",
    rules.OBJECT_NAME,
    "must have the name of a volume as its key: lower-case letters, digits and - (at most 40)",
    40,  # it gets a prefix
)
image = without_space(collector_rules.IMAGE_INVALID, "must be an image reference without white space")


def registry(value: str) -> str:
    """A registry: host, with port and path or without."""
    bare = re.sub(r"^[a-z]+://", "", value).rstrip("/")
    if not _REGISTRY.fullmatch(bare):
        raise fault(collector_rules.REGISTRY_INVALID, "must be a registry such as registry.acme.example/mirror")
    if bare != value:
        text = "must be a registry without scheme and trailing slash"
        raise fault(collector_rules.REGISTRY_INVALID, text, fix=write(bare), proposed=bare)
    return value


def additional_label_key(value: str) -> str:
    """The key of a label that generated objects get in addition; krm-otel selects them by its own labels."""
    if value in names.GENERATED_LABELS:
        raise fault(
            rules.KEY_RESERVED, "is a label that krm-otel sets itself", fix="write another key, or leave it out"
        )
    return label_key(value)


def annotation_key(value: str) -> str:
    """The key of an annotation that generated objects get in addition."""
    _annotation_key(value)
    if value in names.GENERATED_ANNOTATIONS or names.in_transit(value):
        text = "is an annotation that krm-otel sets itself"
        raise fault(rules.KEY_RESERVED, text, fix="write another key, or leave it out")
    return value


def variable_name(value: str) -> str:
    """The name of an environment variable of the collector that krm-otel does not set itself."""
    _variable_name(value)
    if re.match(r"MY_POD_|OAAS_OTEL_|GOMEMLIMIT\Z", value):
        raise fault(
            rules.VARIABLE_NAME, "has the name of a variable that krm-otel sets itself", fix="write another name"
        )
    return value


def cidr(value: str) -> str:
    """A network of addresses, as a NetworkPolicy has it: no bits are set beyond its length."""
    import ipaddress  # few blocks have networks

    try:
        network = ipaddress.ip_network(value, strict=False)
    except ValueError:
        raise fault(rules.CIDR_INVALID, "must be a network of addresses", fix="write 10.0.0.0/16") from None
    if str(network) != value:
        proposed = str(network)
        raise fault(rules.CIDR_INVALID, "must be a network of addresses", fix=write(proposed), proposed=proposed)
    return value


def folder_path(value: str) -> str:
    """The folder of a container that a volume is mounted at."""
    if not re.fullmatch(r"(/[^/:\s]+)+", value) or "/.." in value:
        raise fault(collector_rules.VOLUME_PATH, "must be the absolute path of a folder", fix="write /etc/certs")
    if (value + "/").startswith((f"{names.MOUNT_ROOT}/", "/var/lib/oaas-otel")):
        raise fault(collector_rules.VOLUME_PATH, "is a folder of krm-otel's own volumes", fix="write another one")
    return value


def kind(value: str) -> str:
    """A kind, as manifests have it."""
    if not _KIND.fullmatch(value):
        better = value[:1].upper() + value[1:]
        proposed = better if _KIND.fullmatch(better) else None
        raise fault(rules.KIND_INVALID, "must be a kind such as Rollout", fix=write(proposed), proposed=proposed)
    return value


def field_path(value: str) -> str:
    """The dotted path of a pod template."""
    if not _FIELD_PATH.fullmatch(value):
        better = value.strip("./$").replace("/", ".")
        proposed = better if _FIELD_PATH.fullmatch(better) else "spec.template"
        text = "must be the dotted path of the pod template"
        raise fault(rules.KIND_PATH, text, fix=write(proposed), proposed=proposed)
    return value
