"""The managed collectors of a class: one tier, or two with a gateway.

With a gateway, SDKs send to the first tier. It exports metrics and logs to their backends and distributes spans by
trace id, so that all spans of a trace reach the same collector of the second tier. The second tier samples whole traces
and exports them.

Each tier is a managed collector with settings of its own: what generates configs and manifests handles one tier only.
"""

from __future__ import annotations

from krm_otel.collector import naming
from krm_otel.collector.addresses import service_host
from krm_otel.config.placement import Placement
from krm_otel.config.settings import CollectorSettings, OaasClass, Settings, Target, Tls
from krm_otel.dataclass import dataclass, replace


@dataclass(frozen=True, slots=True)
class Tier:
    """One managed collector.

    Args:
        oaas_class: the class that it is generated for, or the owner of the collectors on nodes.
        settings: those of the class. Read the collector's from `collector`, not from here.
        collector: the settings of this tier.
    """

    oaas_class: OaasClass
    settings: Settings
    collector: CollectorSettings

    @property
    def name(self) -> str:
        """The name of the tier's objects except its ConfigMap."""
        name = naming.gateway_name if self.collector.second_tier else naming.collector_name
        return name(self.oaas_class.name)

    @property
    def deployment_name(self) -> str:
        """The name of the tier's Deployment, with which those of its pods begin."""
        return self.name if self.collector.class_first else naming.collector_first(self.name)

    @property
    def config_name(self) -> str:
        """The name of the tier's ConfigMap."""
        name = naming.gateway_config_name if self.collector.second_tier else naming.config_name
        return name(self.oaas_class.name)

    @property
    def placement(self) -> Placement:
        """What follows from the tier's mode."""
        return self.collector.placement

    @property
    def pod_selector(self) -> dict[str, str]:
        """The labels that select the tier's pods, and its Service."""
        return naming.pod_selector(self.name)

    @property
    def workload_selector(self) -> dict[str, str]:
        """The selector of the tier's Deployment or DaemonSet."""
        return naming.workload_selector(self.name)


def tiers(oaas_class: OaasClass, settings: Settings, gateway_host: str = "") -> tuple[Tier, ...]:
    """The tiers of a class, the one that SDKs send to first; empty where it has no managed collector.

    `gateway_host` is the host name of the second tier, where that is not the generated Service's.
    """
    collector = settings.collector
    if collector is None:
        return ()
    gateway = collector.gateway
    if gateway is None:
        return (Tier(oaas_class, settings, collector),)
    name = naming.gateway_name(oaas_class.name)
    host = gateway_host or service_host(name, oaas_class.namespace, collector.endpoint_host.value)
    # The first tier connects to addresses of pods; the certificate has the Service's name.
    sender = replace(collector.server_tls.sender, server_name=host) if collector.server_tls else Tls()
    target = gateway.replicas.with_value(Target("load_balancing", "load_balancing", host, tls=sender))
    first = replace(collector, exporters={**collector.exporters, "traces": (target,)}, tail_sampling=None)
    second = replace(
        collector,
        mode=collector.mode.with_value("deployment"),
        exporters={"traces": collector.exporters["traces"]},
        resources=gateway.resources,
        replicas=gateway.replicas,
        autoscaling=gateway.autoscaling,
        processors=gateway.processors,
        config=gateway.config,
        # Only one collector can use the files of a claim.
        queue=collector.queue.with_value(collector.queue.value.replaced(claim=None)),
        labels=False,
        span_metrics=None,
        gateway=None,
        first=collector.mode.value,
    )
    return Tier(oaas_class, settings, first), Tier(oaas_class, settings, second)
