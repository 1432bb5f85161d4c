"""The main flow, on one screen: text in, plan, text out.

bytes → envelope (items as spans of the text) → plan (what happens to each, and why) → the same text with the changed
items spliced in → results → exit code. Everything that reads or writes the world is in `cli`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from krm_otel.diagnostics.result import Ref, Result, Severity, has_errors, ordered
from krm_otel.krm.envelope import Envelope
from krm_otel.krm.reader import read_envelope
from krm_otel.krm.resource import Resource
from krm_otel.plan import Change, Objects, Track, make_plan, untracked
from krm_otel.workloads.kinds import is_required
from krm_otel.yamltext.nodes import SourceError

_ERRORS: Final = "there are errors, so nothing is changed"


@dataclass(frozen=True, slots=True)
class Source:
    """One text of the input: standard input (no name), or a file. `asked`: somebody named this very file, which
    therefore has to be one that can be read; in a folder, others lie about."""

    data: bytes
    name: str = ""
    asked: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run comes to. `texts` are the new texts of the sources, in their order; None where a source cannot be
    read at all: then nothing may be written."""

    texts: tuple[str | None, ...]
    results: tuple[Result, ...]
    changes: tuple[Change, ...]
    new: Mapping[str, str] = field(default_factory=dict)
    """Files that come, by name, with their texts; a source whose text became empty goes."""
    starts: tuple[tuple[int, ...], ...] = ()
    """Where the items that stay begin in each source's old text: what a diff may go by."""
    switched_off: str = ""
    """Where the global switch says off."""

    @property
    def exit_code(self) -> int:
        return 1 if has_errors(self.results) else 0

    def lines(self) -> list[str]:
        """For standard error: a line for every workload, and every warning and error."""
        loud = [result.line() for result in self.results if result.severity != "info"]
        return [change.line() for change in self.changes] + self._summary() + loud

    def _summary(self) -> list[str]:
        """How much the global switch took out."""
        counts = Counter(change.action for change in self.changes)
        if not self.switched_off or not (counts["removed"] or counts["pruned"]):
            return []
        done = f"injections removed: {counts['removed']}, generated objects pruned: {counts['pruned']}"
        return [f"switched off by {self.switched_off}: {done}"]

    def report(self) -> dict[str, Any]:
        """For `--report`: the same as data, infos too."""
        actions = [
            {
                "apiVersion": change.ref.api_version,
                "kind": change.ref.kind,
                "name": change.ref.name,
                "namespace": change.ref.namespace,
                "action": change.action,
                "reason": change.reason,
            }
            for change in self.changes
        ]
        return {"results": [result.to_dict() for result in self.results], "actions": actions}


def run(
    sources: Sequence[Source],
    environ: Mapping[str, str],
    *,
    function_config: Resource | None = None,
    remove: bool = False,
    complete: bool = False,
    track: Track = untracked,
) -> Outcome:
    """Runs the function over one input.

    Args:
        sources: one text as an orchestrator sends it, or the files of a folder.
        environ: the environment; only `OPRC_CRM_*` and SOURCE_DATE_EPOCH are looked at.
        function_config: for inputs that carry none.
        remove: take everything out that is ours (`uninject`).
        complete: the sources are a whole folder, so that a class that is not in it is gone.
        track: goes over sources and items, and may show how far it is.
    """
    envelopes: list[Envelope | None] = []
    results: list[Result] = []
    count = 0
    for source in track(sources, "reading"):
        envelope, faults = _read(source, count)
        envelopes.append(envelope)
        results += faults
        if envelope is not None:
            count += len(envelope.items)
            function_config = envelope.function_config or function_config
    read = [envelope for envelope in envelopes if envelope is not None]
    items = [item for envelope in read for item in envelope.items]
    plan = make_plan(items, function_config, environ, remove=remove, complete=complete, track=track)
    results = ordered([*results, *plan.results])
    # One error, and nothing is half done.
    texts, objects = ({}, Objects()) if has_errors(results) else (plan.texts, plan.objects)
    said = [result for result in results if result.severity == "error"] if remove else results
    added = dict(objects.added)
    # Where it failed, a text that is not YAML would hide why: nothing is better.
    written = [
        _written(envelope, texts, objects, added.pop(source.name, []), said)
        if envelope and (envelope.is_complete or not has_errors(results))
        else None
        for source, envelope in zip(sources, envelopes, strict=True)
    ]
    new = {name: Envelope("", []).with_appended(more) for name, more in added.items()}
    starts = tuple(_starts(envelope, objects) if envelope else () for envelope in envelopes)
    return Outcome(tuple(written), tuple(results), _done(plan.changes, results), new, starts, plan.switched_off)


def _written(
    envelope: Envelope,
    texts: Mapping[int, str],
    objects: Objects,
    added: Sequence[dict[str, Any]],
    results: Sequence[Result],
) -> str:
    """The new text of one envelope, with `added` behind its items."""
    positions = {item.position: i for i, item in enumerate(envelope.items)}
    anew = {
        item.position: envelope.rewritten(item, objects.rewritten[item.position])
        for item in envelope.items
        if item.position in objects.rewritten
    }
    text = envelope.splice({**texts, **anew}, results)
    # Objects that go and come move what stands behind them: each step reads the text of the one before.
    if gone := [positions[position] for position in objects.gone if position in positions]:
        text = read_envelope(text).without(gone)
    if added:
        text = read_envelope(text).with_appended(added)
    return text


def _starts(envelope: Envelope, objects: Objects) -> tuple[int, ...]:
    stay = (item for item in envelope.items if item.position not in objects.gone)
    return tuple(len(envelope.bom) + item.start for item in stay)


def _done(changes: Sequence[Change], results: Sequence[Result]) -> tuple[Change, ...]:
    """What was really done: where there is an error, nothing."""
    if not has_errors(results):
        return tuple(changes)
    return tuple(
        replace(change, action="skipped", reason=_ERRORS, text=None) if change.changes_something else change
        for change in changes
    )


def _read(source: Source, first: int) -> tuple[Envelope | None, list[Result]]:
    """The envelope of a source and its faults. A file of a folder that cannot be read is passed by."""
    severity: Severity = "warning" if source.name and not source.asked else "error"
    ref = Ref(file=source.name)
    try:
        text = source.data.decode("utf-8")
        envelope = read_envelope(text, source.name, first, is_required)
    except UnicodeDecodeError as error:
        wide = source.data.startswith((b"\xff\xfe", b"\xfe\xff"))  # what PowerShell redirects into a file
        message = f"the input is {'UTF-16' if wide else f'not UTF-8 (byte {error.start})'}: write it as UTF-8"
        return None, [Result("unreadable-input", severity, message, ref)]
    except SourceError as error:
        return None, [Result("unreadable-input", severity, f"the input is not YAML or JSON: {error}", ref)]
    return envelope, envelope.results
