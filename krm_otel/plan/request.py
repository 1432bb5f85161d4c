"""What is to be planned: the input, its configuration, the purpose of the run, and the classes that the input holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from krm_otel import names
from krm_otel.collector.naming import label_value
from krm_otel.config.settings import Configuration, OaasClass
from krm_otel.dataclass import dataclass, field
from krm_otel.diagnostics.result import Ref, Result
from krm_otel.diagnostics.rule import Location
from krm_otel.diagnostics.rules import classes as class_rules
from krm_otel.diagnostics.rules import inputs as input_rules
from krm_otel.krm.item import Item
from krm_otel.krm.resource import Resource
from krm_otel.plan.changes import Track, untracked
from krm_otel.workloads.kustomizations import Kustomizations

Purpose = Literal["render", "uninject", "switched off"]
"""Why an input is planned: to inject and generate what the configuration asks for, to take everything of krm-otel out
whatever the configuration says, or to take it out because the global switch is off."""


@dataclass(frozen=True, slots=True)
class Request:
    """One input with its configuration.

    Args:
        items: the input's objects.
        configuration: what the input and the environment configure.
        purpose: what the plan is for.
        complete: the input is a whole folder, so a class that is not in it is deleted.
        generator: the function config, where kustomize generates objects from it; then the input has no workloads.
        kustomizations: those of the input, which say what is a patch.
        now: the time for conditions that change; empty: they get none.
        track: iterates over the items, and may show the progress.
        two_processes: a child process may plan half of a large input.
    """

    items: Sequence[Item]
    configuration: Configuration
    purpose: Purpose = "render"
    complete: bool = False
    generator: Resource | None = None
    kustomizations: Kustomizations = field(default_factory=Kustomizations)
    now: str = ""
    track: Track = untracked
    two_processes: bool = False

    @property
    def is_render(self) -> bool:
        """Whether anything is injected or generated."""
        return self.purpose == "render"

    @property
    def switched_off(self) -> str:
        """Where the global switch is off; empty: it is not, or does not matter."""
        return str(self.configuration.switched_off) if self.purpose == "switched off" else ""


@dataclass(frozen=True, slots=True)
class Scope:
    """Which classes the input holds, and whether a class that is not in it is deleted.

    Absent is not deleted: selectors, one folder of two, and a generator's output without its class all look alike.

    Args:
        configuration: the configuration of the input.
        complete: what is not in the input is deleted.
        classes: (namespace, name) of each class → whether the class says itself that it is on or off.
        shortened: (namespace, label `oaas.io/owner`) → name of the class, where the label is a shortened form of it.
        faulty: (namespace, name) of the classes that have errors: they keep what they have.
    """

    configuration: Configuration
    complete: bool
    classes: Mapping[tuple[str, str], bool]
    shortened: Mapping[tuple[str, str], str]
    faulty: frozenset[tuple[str, str]]

    @classmethod
    def of(cls, request: Request) -> Scope:
        """The scope of an input."""
        configuration = request.configuration
        complete = configuration.prune  # true: the input is complete; false: nothing is ever deleted
        if complete is None:
            complete = request.complete or any(item.kind == "Kptfile" for item in request.items)
        classes = {(c.namespace, name): _decides_itself(c) for c in configuration.classes for name in c.names}
        shortened = {(namespace, label_value(name)): name for namespace, name in reversed(classes)}
        faulty = frozenset((c.namespace, name) for c in configuration.classes if c.faulty for name in c.names)
        return cls(configuration, complete, classes, shortened, faulty)

    def holds(self, namespace: str, name: str) -> bool:
        """Whether a class is in the input; for the platform, whether the OTelConfig is."""
        return self.configuration.config_given if name in names.RESERVED else (namespace, name) in self.classes

    def decides(self, namespace: str, name: str, enabled_by: str) -> bool:
        """Whether the input decides if a class is on: what enabled it (empty: the ClassRuntime) may be absent."""
        if not self.holds(namespace, name) or (namespace, name) in self.faulty:
            return False
        can_enable = self.configuration.config_given or self.configuration.flat_given
        return not enabled_by or self.complete or can_enable or self.classes.get((namespace, name), True)

    def class_name(self, namespace: str, label: str) -> str:
        """The class's name by the value of a label `oaas.io/owner`, which may be a shortened form of the name."""
        is_name = (namespace, label) in self.classes
        return label if is_name else self.shortened.get((namespace, label), label)


def _decides_itself(oaas_class: OaasClass) -> bool:
    settings = oaas_class.settings
    return oaas_class.enabled or (settings is not None and settings.enabled.origin.source == "ClassRuntime")


def class_absent(where: Location, name: str, what: str) -> Result:
    """The warning that krm-otel keeps what it injected or generated (`what`), since the class is not in the input."""
    absent = f"the OTelConfig of {names.RESERVED[name]}" if name in names.RESERVED else f"ClassRuntime {name}"
    text = f"{absent} is not in the input, so what was {what} for it is kept as it is"
    fix = "if it is gone for good, set prune: true in the OTelConfig, or run uninject"
    return class_rules.CLASS_ABSENT.at(where, text, fix=fix)


def config_absent(ref: Ref, name: str, path: str) -> Result:
    """The warning that krm-otel keeps something, since what enabled its class is not in the input."""
    text = f"the OTelConfig that enabled class {name} is not in the input, so what it added is kept as it is"
    fix = "if it is gone for good, write enabled: false in the ClassRuntime's spec.observability, or run uninject"
    return input_rules.CONFIG_ABSENT.at(Location(ref, path), text, fix=fix)
