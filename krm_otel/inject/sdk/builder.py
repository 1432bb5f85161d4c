"""The environment of one container, built step by step."""

from __future__ import annotations

from typing import Any

from krm_otel import names
from krm_otel.config.settings import Origin
from krm_otel.dataclass import dataclass, field
from krm_otel.diagnostics.field_path import field_path
from krm_otel.diagnostics.result import Ref, Result
from krm_otel.diagnostics.rule import Location
from krm_otel.diagnostics.rules import workloads as rules
from krm_otel.inject.patch.additions import Additions, ContainerEdit
from krm_otel.inject.sdk.environment import Environment, ExistingVariable
from krm_otel.otlp import SIGNALS, signal_variable
from krm_otel.workloads.containers import Container


@dataclass(frozen=True, slots=True)
class InstrumentedContainer:
    """A container that gets variables.

    Args:
        origins: where the variables come from, by name.
        kept: the names of the user's variables that are kept.
        sends_elsewhere: the endpoint is the user's, on another host than the class's.
        service: the service name that it gets, and the key of the function that it runs; None where that is not
            known, or where somebody else names the service.
    """

    container: Container
    origins: dict[str, Origin]
    kept: tuple[str, ...]
    sends_elsewhere: bool = False
    service: tuple[str, str] | None = None


Contents = tuple[dict[str, str | dict[str, Any]], dict[str, dict[str, Any]], dict[str, Origin]]
"""Variables, helpers, and where both come from, by name."""


@dataclass(slots=True)
class ContainerBuilder:
    """Builds the environment of one container.

    Helpers come before the variables that refer to them: `$(NAME)` sees only earlier entries of `env`. A variable that
    the user has set is kept and reported, unless it is `adoptable`.
    """

    container: Container
    ref: Ref
    existing: Environment
    """The environment without the adoptable variables."""
    adoptable: Environment
    _merge: tuple[int, dict[str, str]] | None = None
    _variables: dict[str, str | dict[str, Any]] = field(default_factory=dict)
    _helpers: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Helper → its `valueFrom`, as plain data."""
    _origins: dict[str, Origin] = field(default_factory=dict)
    _mounts: list[dict[str, Any]] = field(default_factory=list)
    _kept: list[str] = field(default_factory=list)
    _results: list[Result] = field(default_factory=list)

    def set(self, name: str, value: str | dict[str, Any], origin: Origin) -> bool:
        """Sets a variable to a value, or to a `valueFrom` as plain data; False where the user has set it."""
        if self.keep(name):
            return False
        self._variables[name], self._origins[name] = value, origin
        return True

    def keep(self, name: str) -> bool:
        """Keeps and reports a variable that the user has set; False where the user has not."""
        variable = self.existing.get(name)
        if variable is None:
            return False
        if name not in self._kept:
            self._kept.append(name)
            where = f"by {variable.source}" if variable.source else "in the manifest"
            text = f"{name} is set {where} and is kept as it is"
            self.report(rules.VARIABLE_KEPT.at(self.location(variable.path), text))
        return True

    def value_of(self, name: str) -> str | None:
        """The value that a variable will have: the user's, or what was set here; None where only the cluster knows."""
        if (variable := self.existing.get(name)) is not None:
            return variable.value
        value = self._variables.get(name)
        return value if isinstance(value, str) else None

    def added(self, *variables: str) -> list[str]:
        """The names of variables that were set here, of these and of the same ones for single signals."""
        wanted = {one for name in variables for one in (name, *(signal_variable(name, signal) for signal in SIGNALS))}
        return [name for name in self._variables if name in wanted]

    def extend_attributes(self, variable: ExistingVariable, added: dict[str, str], text: str) -> None:
        """Adds pairs to the user's OTEL_RESOURCE_ATTRIBUTES, which is kept; `text` reports it."""
        self.report(rules.ATTRIBUTES_MERGED.at(self.location(variable.path), text))
        self._kept.append(variable.name)
        if added and variable.index is not None:
            self._merge = (variable.index, added)

    def helper(self, name: str, value_from: dict[str, Any], origin: Origin) -> str:
        """Adds a variable that others refer to, from the downward API or a Secret; returns its name."""
        if self.existing.get(name) is None:
            self._helpers.setdefault(name, value_from)
            self._origins.setdefault(name, origin)
        return name

    def mount(self, mount: dict[str, Any]) -> None:
        """Adds a volume mount, once."""
        if mount not in self._mounts:
            self._mounts.append(mount)

    def contents(self) -> Contents | None:
        """The variables so far; None where there is more: something kept, merged, mounted or reported."""
        if self._merge or self._mounts or self._kept or self._results:
            return None
        return dict(self._variables), dict(self._helpers), dict(self._origins)

    def add(self, contents: Contents) -> None:
        """Adds the variables of another builder, none of which the user has set."""
        variables, helpers, origins = contents
        self._variables |= variables
        self._helpers |= helpers
        self._origins |= origins

    def report(self, result: Result) -> None:
        """Adds a result about this container."""
        self._results.append(result)

    def location(self, path: str = "") -> Location:
        """A field of the workload; without a path, the container."""
        return Location(self.ref, path or field_path(*self.container.path))

    def build(
        self, additions: Additions, hand_edited: tuple[str, ...] = ()
    ) -> tuple[ContainerEdit, InstrumentedContainer, list[Result]]:
        """The edit, the origins of what it adds, and everything that there is to report."""
        container, results, kept = self.container, list(self._results), list(self._kept)
        if unrecorded := [name for name in self.existing if name.startswith(names.HELPER_PREFIX)]:
            # Somebody has removed the record, or copied the variables.
            kept += unrecorded
            text = f"no record lists {', '.join(unrecorded)}, and krm-otel keeps variables that it has no record of"
            location = self.location(self.existing[unrecorded[0]].path)
            results.append(rules.NOT_IN_THE_RECORD.at(location, text, fix="delete them to get new ones"))
        env: list[tuple[str, str | dict[str, Any]]] = [*self._helpers.items()]
        adopted: list[tuple[int, str, str]] = []
        for name, value in self._variables.items():
            existing = self.adoptable.get(name)
            if existing is None or existing.index is None or not isinstance(value, str):
                env.append((name, value))
                continue
            adopted.append((existing.index, name, value))
            text = f"{name} is set by hand and is taken over; uninject restores the old value"
            results.append(rules.VARIABLE_ADOPTED.at(self.location(existing.path), text))
        edit = ContainerEdit(
            container.name,
            container.place,
            tuple(env),
            self._merge,
            {"volumeMounts": tuple(self._mounts), **additions.containers.get(container.name, {})},
            tuple(adopted),
            hand_edited,
            additions.names and not container.named,
        )
        return edit, InstrumentedContainer(container, self._origins, tuple(kept)), results
