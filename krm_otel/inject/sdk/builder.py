"""The environment of one container, built step by step."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from krm_otel import names
from krm_otel.config.settings import Origin
from krm_otel.diagnostics.field_path import field_path
from krm_otel.diagnostics.result import Ref, Result
from krm_otel.diagnostics.rule import Location
from krm_otel.diagnostics.rules import workloads as rules
from krm_otel.inject.sdk.environment import ExistingEnvironment, ExistingVariable
from krm_otel.workloads.containers import Container


@dataclass(frozen=True, slots=True)
class Variable:
    """One environment variable: a value, or `valueFrom` as plain data; and the origin of the value."""

    name: str
    value: str | dict[str, Any]
    origin: Origin


@dataclass(frozen=True, slots=True)
class DesiredContainer:
    """The desired environment of one container.

    Args:
        container: the container.
        variables: the variables to add, in order.
        kept: names of variables that the user has set and that stay as they are.
        merge: attributes to add to the user's `OTEL_RESOURCE_ATTRIBUTES`: its index in `env`, key → value.
        mounts: the volume mounts to add, as plain data.
        adopted: variables that the user has set and that get another value: index in `env`, name, new value.
        hand_edited: variables that are not adopted, since somebody has edited them after they were injected.
    """

    container: Container
    variables: tuple[Variable, ...]
    kept: tuple[str, ...]
    merge: tuple[int, dict[str, str]] | None
    mounts: tuple[dict[str, Any], ...]
    adopted: tuple[tuple[int, str, str], ...] = ()
    hand_edited: tuple[str, ...] = ()


@dataclass(slots=True)
class ContainerBuilder:
    """Builds the environment of one container.

    Helpers come before the variables that refer to them: `$(NAME)` sees only earlier entries of `env`. A variable that
    the user has set is kept and reported, unless it is `adoptable`.
    """

    container: Container
    ref: Ref
    existing: ExistingEnvironment
    """The environment without the adoptable variables."""
    adoptable: dict[str, ExistingVariable] = field(default_factory=dict)
    _merge: tuple[int, dict[str, str]] | None = None
    _variables: list[Variable] = field(default_factory=list)
    _helpers: dict[str, Variable] = field(default_factory=dict)
    _mounts: list[dict[str, Any]] = field(default_factory=list)
    _kept: list[str] = field(default_factory=list)
    _results: list[Result] = field(default_factory=list)

    def set(self, name: str, value: str, origin: Origin) -> bool:
        """Sets a variable; False where the user has set it."""
        if self.keep(name):
            return False
        self._variables.append(Variable(name, value, origin))
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

    def extend_attributes(self, variable: ExistingVariable, added: dict[str, str], text: str) -> None:
        """Adds pairs to the user's OTEL_RESOURCE_ATTRIBUTES, which is kept; `text` reports it."""
        self.report(rules.ATTRIBUTES_MERGED.at(self.location(variable.path), text))
        self._kept.append(variable.name)
        if added and variable.index is not None:
            self._merge = (variable.index, added)

    def helper(self, name: str, value_from: dict[str, Any], origin: Origin) -> str:
        """Adds a variable that others refer to, from the downward API or a Secret; returns its name."""
        if self.existing.get(name) is None:
            self._helpers.setdefault(name, Variable(name, {**value_from}, origin))
        return name

    def mount(self, mount: dict[str, Any]) -> None:
        """Adds a volume mount, once."""
        if mount not in self._mounts:
            self._mounts.append(mount)

    def report(self, result: Result) -> None:
        """Adds a result about this container."""
        self._results.append(result)

    def location(self, path: str = "") -> Location:
        """A field of the workload; without a path, the container."""
        return Location(self.ref, path or field_path(*self.container.path))

    def build(self, hand_edited: tuple[str, ...] = ()) -> tuple[DesiredContainer, list[Result]]:
        """The environment, and everything that there is to report about it."""
        results = list(self._results)
        kept = list(self._kept)
        if unrecorded := [name for name in self.existing.variables if name.startswith(names.HELPER_PREFIX)]:
            # Somebody has removed the record, or copied the variables.
            kept += unrecorded
            text = f"no record lists {', '.join(unrecorded)}, and krm-otel keeps variables that it has no record of"
            location = self.location(self.existing.variables[unrecorded[0]].path)
            results.append(rules.NOT_IN_THE_RECORD.at(location, text, fix="delete them to get new ones"))
        added: list[Variable] = []
        adopted: list[tuple[int, str, str]] = []
        for variable in self._variables:
            existing = self.adoptable.get(variable.name)
            if existing is None or existing.index is None or not isinstance(variable.value, str):
                added.append(variable)
                continue
            adopted.append((existing.index, variable.name, variable.value))
            text = f"{variable.name} is set by hand and is taken over; uninject restores the old value"
            results.append(rules.VARIABLE_ADOPTED.at(self.location(existing.path), text))
        container = DesiredContainer(
            self.container,
            (*self._helpers.values(), *added),
            tuple(kept),
            self._merge,
            tuple(self._mounts),
            tuple(adopted),
            hand_edited,
        )
        return container, results
