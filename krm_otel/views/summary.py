"""The line that every run ends with: what there was, and what was done or would be done."""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, Literal

from krm_otel.dataclass import dataclass
from krm_otel.diagnostics.result import printable
from krm_otel.workloads.kinds import NO_CLASS

if TYPE_CHECKING:
    from krm_otel.plan.changes import Action, Change
    from krm_otel.run import Outcome

Tense = Literal["done", "planned"]
"""Whether a run changes its output, or only says what it would change (`diff`, `validate`)."""

_PLANNED: Final[Mapping[Action, str]] = {
    "injected": "to inject",
    "updated": "to update",
    "removed": "to remove",
    "generated": "to generate",
    "pruned": "to prune",
}
_ORDER: Final[tuple[Action, ...]] = (
    "injected",
    "generated",
    "updated",
    "removed",
    "pruned",
    "unchanged",
    "kept",
    "skipped",
)
_NO_CLASS_RUNTIME: Final = "no ClassRuntime in the input: write one with spec.observability.enabled: true"
_MOST_REASONS: Final = 2
"""With more different reasons than this, the line would not be read."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What there was in one input, and what was done.

    Args:
        classes, off: how many ClassRuntimes there are, and how many of them are off.
        workloads, objects, definitions: action → how many workloads, generated objects, and ClassRuntimes with their
            definition.
        reasons: why workloads are skipped → how many.
        results: severity → how many results.
        packages, failed: how many packages there are, each an input of its own, and how many of them have errors.
        nothing: why there was nothing to do, and what to write; empty where there was something.
    """

    classes: int
    off: int
    workloads: Mapping[Action, int]
    objects: Mapping[Action, int]
    definitions: Mapping[Action, int]
    reasons: Mapping[str, int]
    results: Mapping[str, int]
    nothing: str
    packages: int = 0
    failed: int = 0

    @classmethod
    def of(cls, outcome: Outcome) -> Summary:
        """The summary of a run."""
        classes = outcome.configuration.classes
        skipped = [change.reason for change in outcome.changes if change.action == "skipped"]
        return cls(
            len(classes),
            sum(not oaas_class.enabled and not oaas_class.faulty for oaas_class in classes),
            _counted(change for change in outcome.changes if change.role == "workload"),
            _counted(change for change in outcome.changes if change.role == "object"),
            _counted(change for change in outcome.changes if change.role == "definition"),
            Counter(skipped),
            Counter(result.severity for result in outcome.results),
            _nothing(outcome),
            len(outcome.packages),
            sum(package.exit_code for package in outcome.packages.values()),
        )

    @classmethod
    def without_class(cls, workloads: int) -> Summary:
        """The summary of a run over an input that mentions nothing of krm-otel."""
        skipped: Mapping[Action, int] = {"skipped": workloads} if workloads else {}
        return cls(0, 0, skipped, {}, {}, {NO_CLASS: workloads} if workloads else {}, {}, _NO_CLASS_RUNTIME)

    def sentence(self, tense: Tense = "done", files: str = "", name: str = "krm-otel") -> str:
        """The line.

        Args:
            tense: whether it is done, or only planned.
            files: what became of files, where the command knows it: `3 files written`.
            name: what the line is about, if it is not the whole run.
        """
        parts = [f"{plural(self.classes, 'class')}{self._off()}"]
        if self.packages:
            failed = f" ({self.failed} with errors, so nothing is changed there)" if self.failed else ""
            parts.insert(0, f"{plural(self.packages, 'package')}{failed}")
        elif self.results.get("error"):
            parts += [plural(sum(self.workloads.values()), "workload"), f"{self._results()}, so nothing is changed"]
            return printable(f"{name}: {'; '.join(parts)}")
        parts.append(self._workloads(tense))
        if self.objects:
            parts.append(_done(sum(self.objects.values()), "object", self.objects, tense))
        parts += filter(None, (self._results(), files, self.nothing and f"nothing to do: {self.nothing}"))
        return printable(f"{name}: {'; '.join(parts)}")

    def to_dict(self) -> dict[str, Any]:
        """The numbers as plain data."""
        packages = {"packages": self.packages, "packagesWithErrors": self.failed} if self.packages else {}
        return packages | {
            "classes": self.classes,
            "classesOff": self.off,
            "workloads": dict(self.workloads),
            "objects": dict(self.objects),
            "results": dict(self.results),
            "message": self.sentence(),
        }

    def _off(self) -> str:
        if not self.off:
            return ""
        return " (off)" if self.classes == 1 else f" ({self.off} off)"

    def _workloads(self, tense: Tense) -> str:
        line = _done(sum(self.workloads.values()), "workload", self.workloads, tense)
        if not self.reasons or len(self.reasons) > _MOST_REASONS:
            return line
        if len(self.reasons) == 1:
            return f"{line} ({next(iter(self.reasons))})"
        return f"{line} ({', '.join(f'{count}: {reason}' for reason, count in self.reasons.items())})"

    def _results(self) -> str:
        return ", ".join(plural(self.results[s], s) for s in ("error", "warning") if self.results.get(s))


def plural(count: int, noun: str) -> str:
    """A number with its noun: `1 class`, `no class`, `2 classes`."""
    if count == 1:
        return f"1 {noun}"
    if count == 0:
        return f"no {noun}"
    return f"{count} {noun}{'es' if noun.endswith('s') else 's'}"


def _counted(changes: Iterable[Change]) -> Mapping[Action, int]:
    counts = Counter(change.action for change in changes)
    return {action: counts[action] for action in _ORDER if counts[action]}


def _done(total: int, noun: str, counts: Mapping[Action, int], tense: Tense) -> str:
    words = _PLANNED if tense == "planned" else {}
    done = [f"{count} {words.get(action, action)}" for action, count in counts.items()]
    if len(done) == 1:
        return f"{plural(total, noun)} {done[0].partition(' ')[2]}"
    return f"{plural(total, noun)}: {', '.join(done)}" if done else plural(total, noun)


# --- why there was nothing to do -------------------------------------------------------------------------------------


def _nothing(outcome: Outcome) -> str:
    if outcome.exit_code or any(change.action != "skipped" for change in outcome.changes):
        return ""
    if outcome.is_removal:
        return "no object has anything of krm-otel"
    if outcome.switched_off:
        return f"switched off by {outcome.switched_off}"
    classes = outcome.configuration.classes
    enabled = [oaas_class for oaas_class in classes if oaas_class.enabled]
    if enabled:
        if outcome.changes:
            return "no workload belongs to a class that is on, or all of them are skipped"
        return f"no workload in the input: give krm-otel the workloads of {enabled[0].ref}, too"
    if classes:
        return f"no class is on: write spec.observability.enabled: true in {classes[0].ref}"
    for kustomization, entry in outcome.kustomizations.elsewhere.items():
        folder = posixpath.dirname(kustomization) or "."
        return (
            f"no ClassRuntime in the input, and {kustomization} takes resources from {entry}: "
            f"run kustomize build {folder} | krm-otel render -"
        )
    return _NO_CLASS_RUNTIME
