"""Which classes the input holds, and whether a class that is not in it is deleted.

Absent is not deleted: selectors, one folder of two, and a generator's output without its class all look alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from krm_otel import names
from krm_otel.collector.naming import label_value
from krm_otel.config.settings import OaasClass
from krm_otel.diagnostics.result import Ref, Result
from krm_otel.diagnostics.rule import Location
from krm_otel.diagnostics.rules import classes as class_rules
from krm_otel.diagnostics.rules import inputs as input_rules
from krm_otel.plan.request import Request


@dataclass(frozen=True, slots=True)
class Scope:
    """What the input holds.

    Args:
        complete: what is not in the input is deleted.
        configured: the input holds what can enable classes from outside: an OTelConfig or a flat ConfigMap.
        has_config: the input holds the OTelConfig.
        classes: (namespace, name) of each class → whether the class says itself that it is on or off.
        shortened: (namespace, label `oaas.io/owner`) → name of the class, where the label is a shortened form of it.
        faulty: the classes that have errors: they keep what they have.
        prunes: generated objects that no class needs are removed.
    """

    complete: bool
    configured: bool
    has_config: bool
    classes: Mapping[tuple[str, str], bool]
    shortened: Mapping[tuple[str, str], str]
    faulty: frozenset[tuple[str, str]]
    prunes: bool

    @classmethod
    def of(cls, request: Request) -> Scope:
        """The scope of an input."""
        configuration = request.configuration
        complete = configuration.prune  # true: the input is complete; false: nothing is ever deleted
        if complete is None:
            complete = request.complete or any(item.kind == "Kptfile" for item in request.items)
        classes = {(c.namespace, name): _decides_itself(c) for c in configuration.classes for name in c.names}
        return cls(
            complete,
            configuration.config_given or configuration.flat_given,
            configuration.config_given,
            classes,
            {(namespace, label_value(name)): name for namespace, name in reversed(classes)},
            frozenset((c.namespace, name) for c in configuration.classes if c.faulty for name in c.names),
            configuration.prune is not False,
        )

    def holds(self, namespace: str, name: str) -> bool:
        """Whether a class is in the input; for the platform, whether its configuration is."""
        return self.has_config if name in names.RESERVED else (namespace, name) in self.classes

    def holds_elsewhere(self, name: str) -> bool:
        """Whether a class of this name is in the input, whatever its namespace."""
        return any(known == name for _, known in self.classes)

    def decides(self, namespace: str, name: str, enabled_by: str) -> bool:
        """Whether the input decides if a class is on: what enabled it (empty: the ClassRuntime) may be absent."""
        if not self.holds(namespace, name) or (namespace, name) in self.faulty:
            return False
        return not enabled_by or self.complete or self.configured or self.classes.get((namespace, name), True)

    def class_name(self, namespace: str, label: str) -> str:
        """The class's name by the value of a label `oaas.io/owner`, which may be a shortened form of the name."""
        is_name = (namespace, label) in self.classes
        return label if is_name else self.shortened.get((namespace, label), label)


def _decides_itself(oaas_class: OaasClass) -> bool:
    settings = oaas_class.settings
    return oaas_class.enabled or (settings is not None and settings.enabled.origin.source == "ClassRuntime")


def class_absent(where: Location, name: str, what: str) -> Result:
    """The warning that krm-otel keeps what it injected or generated (`what`) since the class is not in the input."""
    absent = f"the OTelConfig of {names.RESERVED[name]}" if name in names.RESERVED else f"ClassRuntime {name}"
    text = f"{absent} is not in the input, so what was {what} for it is kept as it is"
    fix = "if it is gone for good, set prune: true in the OTelConfig, or run uninject"
    return class_rules.CLASS_ABSENT.at(where, text, fix=fix)


def config_absent(ref: Ref, name: str, path: str) -> Result:
    """The warning that something is kept since what enabled its class is not in the input."""
    text = f"the OTelConfig that enabled class {name} is not in the input, so what it added is kept as it is"
    fix = "if it is gone for good, write enabled: false in the ClassRuntime's spec.observability, or run uninject"
    return input_rules.CONFIG_ABSENT.at(Location(ref, path), text, fix=fix)
