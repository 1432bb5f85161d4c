"""Everything that configuration says about one input."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from krm_otel.config.provenance import Origin
from krm_otel.config.schema.monitoring import Dashboards, Monitors, Rules
from krm_otel.config.settings.oaas_class import OaasClass, Settings
from krm_otel.config.settings.sdk_profiles import SdkSettings
from krm_otel.dataclass import dataclass, field, replace
from krm_otel.diagnostics.result import Ref


@dataclass(frozen=True, slots=True)
class PlatformComponent:
    """A component of the platform: the labels of its workloads, its service name, and the SDK profile that a preset
    gives it."""

    key: str
    match_labels: dict[str, str]
    service_name: str
    sdk: str = ""


@dataclass(frozen=True, slots=True)
class KindPath:
    """A kind of workload from the OTelConfig, with the path of its pod template: `("spec", "template")`."""

    api_version: str
    kind: str
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Monitoring:
    """The monitoring of the classes; None: not requested."""

    dashboards: Dashboards | None = None
    rules: Rules | None = None
    monitors: Monitors | None = None


@dataclass(frozen=True, slots=True)
class Configuration:
    """Everything that configuration says about one input.

    Args:
        platform: settings of the pseudo-class `oaas-platform`, the same in every namespace; None: no platform block.
        node_collectors: the pseudo-class that owns the collectors of mode daemonset; None: this input does not
            generate them.
        switched_off: where the global switch is off; None: it is not.
        prune: True: the input is complete. False: keep and report. None: the input decides.
        adopt: variables that manifests set by hand are taken over.
        degrade: an error of one class does not stop the others; the class keeps what it had.
        write_status: conditions go into the ClassRuntimes; otherwise they are results.
        operator: the OpenTelemetry Operator's objects and annotations are written in place of krm-otel's own.
        merge_crd: a definition of ClassRuntime in the input gets the block.
        config_ref: the OTelConfig; an empty Ref without one.
        class_entries: the keys of its `classes`.
        flat_given: there is a flat ConfigMap, which can enable classes as an OTelConfig can.
    """

    classes: tuple[OaasClass, ...]
    platform: Settings | None = None
    platform_components: tuple[PlatformComponent, ...] = ()
    node_collectors: OaasClass | None = None
    switched_off: Origin | None = None
    prune: bool | None = None
    adopt: bool = False
    degrade: bool = False
    write_status: bool = False
    operator: bool = False
    merge_crd: bool = False
    config_ref: Ref = field(default=Ref())
    class_entries: tuple[str, ...] = ()
    flat_given: bool = False
    skip_containers: tuple[str, ...] = ()
    kinds: tuple[KindPath, ...] = ()
    knative_field_ref: bool = False
    monitoring: Monitoring = field(default=Monitoring())
    sdk: SdkSettings = field(default=SdkSettings())

    @property
    def config_given(self) -> bool:
        """Whether there is an OTelConfig. Without one, the platform's components are not known."""
        return bool(self.config_ref.kind)

    def without(self, owners: AbstractSet[Ref]) -> Configuration:
        """The configuration in which these classes have errors, so that they keep what they had."""
        classes = (
            replace(oaas_class, settings=None, faulty=True, refused=True) if oaas_class.ref in owners else oaas_class
            for oaas_class in self.classes
        )
        return replace(self, classes=tuple(classes))
