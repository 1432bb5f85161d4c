"""One tier of collectors, or two: the settings of each, and how each is called.

With a gateway, the collectors that SDKs send to are the first tier. They do everything but decide: metrics and logs go
to their backends from there, and spans go on by trace id, so that all spans of a trace meet in one collector of the
second tier. There traces are decided and exported.

Each tier is a managed collector of its own, with settings of its own: whatever makes configs and manifests need not
know of the other.
"""

from __future__ import annotations

from dataclasses import replace

from krm_otel.collector import names
from krm_otel.config.settings import CollectorSettings, OaasClass, Settings, Target


def name_of(oaas_class: OaasClass, managed: CollectorSettings) -> str:
    """The name of all objects of a tier but its ConfigMap."""
    own = names.gateway_name if managed.second_tier else names.collector_name
    return own(oaas_class.name)


def config_name_of(oaas_class: OaasClass, managed: CollectorSettings) -> str:
    """The name of a tier's ConfigMap."""
    own = names.gateway_config_name if managed.second_tier else names.config_name
    return own(oaas_class.name)


def first_tier(oaas_class: OaasClass, settings: Settings, host: str = "") -> Settings:
    """What SDKs send to: without a gateway, the settings as they are.

    `host`: where the second tier is, if not behind our own Service.
    """
    managed = settings.collector
    if managed is None or managed.gateway is None:
        return settings
    host = host or _host(oaas_class, managed)
    gateway = managed.gateway.replicas.with_value(Target("load_balancing", "load_balancing", host))
    exporters = {**managed.exporters, "traces": (gateway,)}
    return replace(settings, collector=replace(managed, exporters=exporters, tail_sampling=None))


def second_tier(settings: Settings) -> Settings | None:
    """What the first tier sends traces to; None where there is no gateway."""
    managed = settings.collector
    if managed is None or managed.gateway is None:
        return None
    gateway = managed.gateway
    queue = managed.queue.value.model_copy(update={"claim": None})  # whose files one collector alone can have
    made = replace(
        managed,
        mode=managed.mode.with_value("deployment"),
        exporters={"traces": managed.exporters["traces"]},
        resources=gateway.resources,
        replicas=gateway.replicas,
        autoscaling=gateway.autoscaling,
        config=gateway.config,
        queue=managed.queue.with_value(queue),
        labels=False,
        span_metrics=None,
        gateway=None,
        first=managed.mode.value,
    )
    return replace(settings, collector=made)


def _host(oaas_class: OaasClass, managed: CollectorSettings) -> str:
    """The headless Service's name, as long as `endpoint_host` says."""
    name, kind = names.gateway_name(oaas_class.name), managed.endpoint_host.value
    if kind == "short" or not oaas_class.namespace:
        return name
    return f"{name}.{oaas_class.namespace}.svc" + (".cluster.local" if kind == "fqdn" else "")
