"""Names and labels of the objects that krm-otel generates for a class.

Kubernetes' limits (API machinery, `util/validation`): the name of a Service is a DNS-1035 label of at most 63
characters, the value of a label has at most 63. The name of a class is any DNS-1123 subdomain, so `1.2.3` and names of
253 characters are possible. A name that does not fit gets a hash of the whole name, so that no two classes share one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from krm_otel import names
from krm_otel.krm.digest import sha256_hex
from krm_otel.regex import regex

MAX: Final = 63
CONTAINER: Final = "otel-collector"
CONFIG_KEY: Final = "collector.yaml"
"""The config's key in the ConfigMap, and the name of the file."""
GATEWAY: Final = "-otel-gateway"
"""The end of the name of every second tier."""
_COLLECTOR: Final = "-otel-collector"
HEADLESS: Final = "-collector-headless"
"""What the OpenTelemetry Operator appends to a collector's name to name its headless Service."""

_DNS_1035: Final = regex(r"[a-z]([-a-z0-9]*[a-z0-9])?\Z")
_UNSAFE: Final = regex(r"[^a-z0-9]+")
_LABEL_VALUE: Final = regex(r"[A-Za-z0-9]([-._A-Za-z0-9]*[A-Za-z0-9])?\Z")
_HASH: Final = 8


_SEEN_BY_CRM: Final = frozenset(("Deployment", "OpenTelemetryCollector"))
"""Kinds that upstream's CRM would take for its own: the Operator gives its Deployments the labels of its object."""


def config_name(class_name: str) -> str:
    """The name of a class's ConfigMap: `<class>-otel-config`; `oaas-otel-config` for the collectors on nodes."""
    return _name(_base(class_name), "-otel-config")


def collector_name(class_name: str) -> str:
    """The name of a class's other objects: `<class>-otel-collector`; `oaas-otel-collector` for those on nodes."""
    return _name(_base(class_name), _COLLECTOR)


def dashboard_name(class_name: str) -> str:
    """The name of a class's dashboard: `<class>-otel-dashboard`; `oaas-otel-dashboard` for the collectors on nodes."""
    return _name(_base(class_name), "-otel-dashboard")


def gateway_name(class_name: str) -> str:
    """The name of a class's second tier: `<class>-otel-gateway`."""
    return _name(class_name, GATEWAY)


def collector_first(name: str) -> str:
    """`<class>-otel-collector` → `otel-collector-<class>`; the same for a second tier."""
    suffix = next(suffix for suffix in (GATEWAY, _COLLECTOR) if name.endswith(suffix))
    return f"{suffix.removeprefix('-')}-{name.removesuffix(suffix)}"


def deployment_names(class_name: str) -> tuple[str, str]:
    """The two names that the Deployment of a class can have."""
    name = collector_name(class_name)
    return name, collector_first(name)


def gateway_config_name(class_name: str) -> str:
    """The name of the second tier's ConfigMap: `<class>-otel-gateway-config`."""
    return _name(class_name, f"{GATEWAY}-config")


def operator_name(class_name: str) -> str:
    """The name of a class's OpenTelemetryCollector and Instrumentation; the Operator appends `-collector`."""
    return collector_name(class_name).removesuffix("-collector")


def operator_gateway_name(class_name: str) -> str:
    """The name of the second tier's OpenTelemetryCollector, short enough for what the Operator appends."""
    return _name(class_name, f"{GATEWAY}{HEADLESS}").removesuffix(HEADLESS)


def rules_name(class_name: str) -> str:
    """The name of a class's Prometheus rules: `<class>-otel-rules`."""
    return _name(class_name, "-otel-rules")


def _base(class_name: str) -> str:
    return class_name.removesuffix("-otel") if class_name == names.NODE_OWNER else class_name


def _name(class_name: str, suffix: str) -> str:
    room = MAX - len(suffix)
    if _DNS_1035.match(class_name) and len(class_name) <= room:
        return class_name + suffix
    # Only ASCII is lowered: some other letters become two when they are lowered.
    lowered = "".join(char.lower() if char.isascii() else "-" for char in class_name)
    safe = _UNSAFE.sub("-", lowered).strip("-")
    if not safe[:1].isalpha():
        safe = f"c-{safe}".strip("-")
    return f"{safe[: room - _HASH - 1].rstrip('-')}-{_digest(class_name)}{suffix}"


def label_value(class_name: str) -> str:
    """The name of a class as the value of a label: unchanged where Kubernetes allows it."""
    if len(class_name) <= MAX and _LABEL_VALUE.match(class_name):
        return class_name
    safe = re.sub(r"[^-._A-Za-z0-9]+", "-", class_name)[: MAX - _HASH - 1].strip("-._")
    return f"{safe}-{_digest(class_name)}" if safe else f"c-{_digest(class_name)}"


def _digest(text: str) -> str:
    return sha256_hex(text.encode("utf-8", "surrogatepass"))[:_HASH]


def pod_selector(instance: str) -> dict[str, str]:
    """The labels that select the objects and pods of the collector named `instance`; nobody else writes them."""
    return {names.L_COLLECTOR: instance}


def workload_selector(instance: str) -> dict[str, str]:
    """The selector of a collector's Deployment or DaemonSet, which can never change once it is in a cluster.

    What rewrites these labels (kustomize's `labels` with `includeSelectors`) does so in the pod template, too.
    """
    return {"app.kubernetes.io/name": "opentelemetry-collector", names.L_INSTANCE: instance}


def owner_key(kind: str) -> str:
    """The label with the class of a generated object of this kind, or of a collector's pods (`Pod`)."""
    return names.L_OWNED_BY if kind in _SEEN_BY_CRM else names.L_OWNER


def owner_value(labels: Mapping[str, str]) -> str:
    """The class of a generated object, whose Deployments had `oaas.io/owner` up to 2026-11; empty where it has none."""
    return labels.get(names.L_OWNED_BY) or labels.get(names.L_OWNER, "")


def object_labels(class_name: str, instance: str, kind: str) -> dict[str, str]:
    """The labels of an object of the collector named `instance`; owner and `component` decide pruning."""
    return {
        owner_key(kind): label_value(class_name),
        names.L_COMPONENT: names.COMPONENT,
        **pod_selector(instance),
        **workload_selector(instance),
        "app.kubernetes.io/component": names.COMPONENT,
        "app.kubernetes.io/part-of": label_value(class_name),
        "app.kubernetes.io/managed-by": names.GENERATOR,
    }


def client_labels(class_name: str) -> dict[str, str]:
    """The labels of a pod template whose containers send to the collector's Service."""
    return {names.L_CLASS: label_value(class_name)}
