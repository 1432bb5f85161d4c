"""What the input holds: which classes are there, and whether one that is not there is gone.

Absent is not deleted: selectors, one folder of two, a generator's output without its class all look alike.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from krm_otel.collector.names import owner
from krm_otel.config import names
from krm_otel.config.settings import Configuration
from krm_otel.krm.envelope import Item


@dataclass(frozen=True, slots=True)
class Scope:
    """`complete`: a class that is not in the input is gone. `switched_off`: where the global switch says so."""

    complete: bool
    platform: bool
    classes: frozenset[tuple[str, str]]

    @classmethod
    def of(cls, items: Iterable[Item], configuration: Configuration, *, complete: bool) -> Scope:
        """The scope of an input; `complete` where a whole folder was given."""
        # prune: true says that the input is complete, prune: false that nothing is ever gone.
        known = complete or any(item.kind == "Kptfile" for item in items)
        classes = frozenset((c.namespace, name) for c in configuration.classes for name in c.names)
        whole = configuration.prune if configuration.prune is not None else known
        return cls(whole, configuration.config_given, classes)

    def holds_owner(self, namespace: str, label: str) -> bool:
        """The same for the value of a label `oaas.io/owner`, which may be a shortened form of the name."""
        return self.holds(namespace, label) or any(
            space == namespace and owner(name) == label for space, name in self.classes
        )

    def holds(self, namespace: str, name: str) -> bool:
        """Whether a class is in the input; for the platform, whether its configuration is."""
        return self.platform if name == names.PLATFORM_CLASS else (namespace, name) in self.classes
