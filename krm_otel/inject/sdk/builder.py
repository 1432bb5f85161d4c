"""What is wanted for one container, step by step: variables with where each came from, and what is kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from krm_otel import names
from krm_otel.config.settings import Origin
from krm_otel.diagnostics.result import Ref, Result, Severity
from krm_otel.inject.sdk.environment import Present
from krm_otel.workloads.containers import Container


@dataclass(frozen=True, slots=True)
class Variable:
    """One environment variable: a value, or `valueFrom` as plain data; and why it has it."""

    name: str
    value: str | dict[str, Any]
    origin: Origin


@dataclass(slots=True)
class Wanted:
    """Collects what one container gets. Helpers stand before what refers to them; nothing is set twice."""

    container: Container
    ref: Ref
    present: Present
    variables: list[Variable] = field(default_factory=list)
    helpers: dict[str, Variable] = field(default_factory=dict)
    merge: tuple[int, dict[str, str]] | None = None
    mounts: list[dict[str, Any]] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)

    def set(self, name: str, value: str, origin: Origin) -> bool:
        """Wants a variable; False where the user has set it: then that is kept, and said."""
        if self.keeps(name):
            return False
        self.variables.append(Variable(name, value, origin))
        return True

    def keeps(self, name: str) -> bool:
        """Whether the user has set a variable; says so."""
        setting = self.present.get(name)
        if setting is None:
            return False
        if name not in self.kept:
            self.kept.append(name)
            where = f"by {setting.source}" if setting.source else "in the manifest"
            self.say("variable-kept", "info", f"{name} is set {where} and is kept as it is", setting.path)
        return True

    def helper(self, name: str, value_from: dict[str, Any], origin: Origin) -> str:
        """A variable that others refer to, from the downward API or a Secret; returns its name."""
        if self.present.get(name) is None:
            self.helpers.setdefault(name, Variable(name, {**value_from}, origin))
        return name

    def say_lost(self) -> None:
        """Warns of helpers that are there although no record says so: somebody took it away, or copied them."""
        lost = [name for name in self.present.settings if name.startswith(names.HELPER_PREFIX)]
        if lost:
            self.kept += lost
            message = f"no record says that {', '.join(lost)} was injected: kept as it is; delete it here to renew it"
            self.say("not-in-the-record", "warning", message, self.present.settings[lost[0]].path)

    def say(
        self, code: str, severity: Severity, message: str, path: str, current: Any = None, proposed: Any = None
    ) -> None:
        """Adds a result about this container."""
        self.results.append(Result(code, severity, message, self.ref, path, current, proposed))

    def all_variables(self) -> list[Variable]:
        """In the order in which they are written."""
        return [*self.helpers.values(), *self.variables]
