"""Names and labels of what is generated for a class.

Kubernetes' limits (API machinery, `util/validation`): a Service's name is a DNS-1035 label of at most 63 characters,
a label's value has at most 63. A class may be called by any DNS-1123 subdomain, so `1.2.3` and names of 253
characters are possible: what does not fit gets a hash of the whole name, so that two classes never share one.
"""

from __future__ import annotations

import hashlib
import re
from typing import Final

from krm_otel import names

MAX: Final = 63
CONTAINER: Final = "otel-collector"
CONFIG_KEY: Final = "collector.yaml"
"""The config's key in the ConfigMap, and the name of the file."""
GATEWAY: Final = "-otel-gateway"
"""What the name of every second tier ends with."""
HEADLESS: Final = "-collector-headless"
"""What the OpenTelemetry Operator puts behind the name of a collector to call the Service of its pods' addresses."""

_DNS_1035: Final = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?\Z")
_UNSAFE: Final = re.compile(r"[^a-z0-9]+")
_LABEL_VALUE: Final = re.compile(r"[A-Za-z0-9]([-._A-Za-z0-9]*[A-Za-z0-9])?\Z")
_HASH: Final = 8


def config_name(class_name: str) -> str:
    """The name of a class's ConfigMap: `<class>-otel-config`; `oaas-otel-config` for the collectors on nodes."""
    return f"{class_name}-config" if class_name == names.NODE_OWNER else _name(class_name, "-otel-config")


def collector_name(class_name: str) -> str:
    """The name of everything else that is generated for a class: `<class>-otel-collector`, `oaas-otel-collector`."""
    return f"{class_name}-collector" if class_name == names.NODE_OWNER else _name(class_name, "-otel-collector")


def gateway_name(class_name: str) -> str:
    """The name of a class's second tier: `<class>-otel-gateway`."""
    return _name(class_name, GATEWAY)


def gateway_config_name(class_name: str) -> str:
    """The name of the second tier's ConfigMap: `<class>-otel-gateway-config`."""
    return _name(class_name, "-otel-gateway-config")


def operator_gateway_name(class_name: str) -> str:
    """The name of the second tier's OpenTelemetryCollector; there has to be room for what the Operator appends."""
    return _name(class_name, f"{GATEWAY}{HEADLESS}").removesuffix(HEADLESS)


def dashboard_name(class_name: str) -> str:
    """The name of a class's dashboard: `<class>-otel-dashboard`."""
    return f"{class_name}-dashboard" if class_name == names.NODE_OWNER else _name(class_name, "-otel-dashboard")


def rules_name(class_name: str) -> str:
    """The name of a class's rules: `<class>-otel-rules`."""
    return _name(class_name, "-otel-rules")


def _name(class_name: str, suffix: str) -> str:
    room = MAX - len(suffix)
    if _DNS_1035.match(class_name) and len(class_name) <= room:
        return class_name + suffix
    # Only ASCII is lowered: some letters become two.
    lowered = "".join(char.lower() if char.isascii() else "-" for char in class_name)
    safe = _UNSAFE.sub("-", lowered).strip("-")
    if not safe[:1].isalpha():
        safe = f"c-{safe}".strip("-")
    return f"{safe[: room - _HASH - 1].rstrip('-')}-{_digest(class_name)}{suffix}"


def owner(class_name: str) -> str:
    """A class's name as a label's value: as it is, where that is one."""
    if len(class_name) <= MAX and _LABEL_VALUE.match(class_name):
        return class_name
    safe = re.sub(r"[^-._A-Za-z0-9]+", "-", class_name)[: MAX - _HASH - 1].strip("-._")
    return f"{safe}-{_digest(class_name)}" if safe else f"c-{_digest(class_name)}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_HASH]


def selector(class_name: str, instance: str = "") -> dict[str, str]:
    """The labels by which a collector's pods are found; a Deployment's selector can never be changed.

    `instance` is the name of what runs them, if not the class's collector.
    """
    return {
        "app.kubernetes.io/name": "opentelemetry-collector",
        names.L_INSTANCE: instance or collector_name(class_name),
    }


def labels(class_name: str, instance: str = "") -> dict[str, str]:
    """The labels of every generated object; `oaas.io/owner` and `component` are what pruning goes by."""
    return {
        names.L_OWNER: owner(class_name),
        names.L_COMPONENT: names.COMPONENT,
        **selector(class_name, instance),
        "app.kubernetes.io/component": names.COMPONENT,
        "app.kubernetes.io/part-of": owner(class_name),
        "app.kubernetes.io/managed-by": names.GENERATOR,
    }


def generated_annotations(enabled_by: str) -> dict[str, str]:
    """The annotations of every generated object."""
    return {names.A_GENERATED_BY: names.GENERATOR} | ({names.A_ENABLED_BY: enabled_by} if enabled_by else {})


def client_labels(class_name: str) -> dict[str, str]:
    """The labels that a pod template gets whose containers send to the collector's Service."""
    return {names.L_CLASS: owner(class_name)}
