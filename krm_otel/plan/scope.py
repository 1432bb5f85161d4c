"""What the input holds: which classes are there, and whether one that is not there is gone.

Absent is not deleted: selectors, one folder of two, a generator's output without its class all look alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from krm_otel import names
from krm_otel.collector.naming import label_value
from krm_otel.config.settings import Configuration, OaasClass
from krm_otel.diagnostics.result import Ref, Result
from krm_otel.krm.item import Item


@dataclass(frozen=True, slots=True)
class Scope:
    """`complete`: what is not in the input is gone. `configured`: what can enable classes from outside is there.
    `classes`: those that are in the input, and whether each says by itself that it is on or off."""

    complete: bool
    configured: bool
    platform: bool
    classes: Mapping[tuple[str, str], bool]
    faulty: frozenset[tuple[str, str]] = frozenset()
    """Of those, the ones that have errors: they keep what they had."""
    prunes: bool = True
    """Whether generated objects go that nothing wants any more."""

    @classmethod
    def of(cls, items: Iterable[Item], configuration: Configuration, *, complete: bool) -> Scope:
        """The scope of an input; `complete` where a whole folder was given."""
        # prune: true says that the input is complete, prune: false that nothing is ever gone.
        known = complete or any(item.kind == "Kptfile" for item in items)
        classes = {(c.namespace, name): _says(c) for c in configuration.classes for name in c.names}
        whole = configuration.prune if configuration.prune is not None else known
        configured = configuration.config_given or configuration.flat_given
        faulty = frozenset((c.namespace, name) for c in configuration.classes if c.faulty for name in c.names)
        return cls(whole, configured, configuration.config_given, classes, faulty, configuration.prune is not False)

    def holds(self, namespace: str, name: str) -> bool:
        """Whether a class is in the input; for the platform, whether its configuration is."""
        return self.platform if name in names.RESERVED else (namespace, name) in self.classes

    def elsewhere(self, name: str) -> bool:
        """Whether a class of this name is in the input, whatever its namespace."""
        return any(known == name for _, known in self.classes)

    def decides(self, namespace: str, name: str, enabled_by: str) -> bool:
        """Whether the input says if a class is on: what enabled it (empty: the ClassRuntime) may not be there."""
        if not self.holds(namespace, name) or (namespace, name) in self.faulty:
            return False
        return not enabled_by or self.complete or self.configured or self.classes.get((namespace, name), True)

    def holds_owner(self, namespace: str, label: str) -> bool:
        """`holds` for the value of a label `oaas.io/owner`, which may be a shortened form of the name."""
        return self.holds(namespace, self._named(namespace, label))

    def decides_owner(self, namespace: str, label: str, enabled_by: str) -> bool:
        """`decides` for the value of a label `oaas.io/owner`."""
        return self.decides(namespace, self._named(namespace, label), enabled_by)

    def is_faulty(self, namespace: str, label: str) -> bool:
        """Whether a class has errors, by the value of a label `oaas.io/owner`."""
        return (namespace, self._named(namespace, label)) in self.faulty

    def _named(self, namespace: str, label: str) -> str:
        if (namespace, label) in self.classes:
            return label
        return next((name for space, name in self.classes if space == namespace and label_value(name) == label), label)


def _says(oaas_class: OaasClass) -> bool:
    settings = oaas_class.settings
    return oaas_class.enabled or (settings is not None and settings.enabled.origin.source == "ClassRuntime")


def missing(name: str) -> str:
    """What is not in the input where a class is not, for messages."""
    return f"the OTelConfig of {names.RESERVED[name]}" if name in names.RESERVED else f"ClassRuntime {name}"


def config_absent(ref: Ref, name: str, path: str) -> Result:
    """The warning that something is kept since its class was enabled by what is not in the input."""
    message = (
        f"the OTelConfig that enabled class {name} is not in the input, so what it brought is kept as it is; where it "
        "is gone for good, write enabled: false in the ClassRuntime's spec.observability, or run uninject"
    )
    return Result("config-absent", "warning", message, ref, path)
