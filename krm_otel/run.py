"""The main flow, on one screen: text in, plan, text out.

bytes → envelopes (items as spans of the text) → plan (what happens to each item, and why) → the same text with the
changed items spliced in → results → exit code. Everything that reads or writes files and streams is in `cli`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any, Final

from krm_otel.config.settings import Configuration
from krm_otel.dataclass import dataclass, field, replace
from krm_otel.diagnostics.result import Place, Ref, Result, Severity, has_errors, ordered
from krm_otel.diagnostics.rules.collector import EDIT_OVERWRITTEN
from krm_otel.diagnostics.rules.inputs import UNREADABLE_INPUT
from krm_otel.krm.envelope import Envelope
from krm_otel.krm.item import Item, UnreadableItemError
from krm_otel.krm.places import Places
from krm_otel.krm.reader import read_envelope
from krm_otel.krm.resource import Resource
from krm_otel.plan import Change, ObjectChanges, Plan, Track, make_plan, untracked
from krm_otel.plan.objects.header import first_lines, header, is_only_header
from krm_otel.workloads.kinds import is_required
from krm_otel.workloads.kustomizations import Kustomizations
from krm_otel.yamltext.nodes import SourceError
from krm_otel.yamltext.shapes.lines import use_shapes
from krm_otel.yamltext.splices import SplicedText

VERIFY_EACH: Final = "KRM_OTEL_VERIFY_EACH"
"""A variable of the environment: where it is set, no text is read, and no edit verified, for another of its shape."""
_ERRORS: Final = "there are errors, so nothing is changed"


@dataclass(slots=True)
class Source:
    """One text of the input.

    Args:
        data: the text's bytes.
        name: the file; empty for standard input.
        is_named: the user named this file, so it is an error if it cannot be read. A folder may have other files.
        is_read_once: the bytes are given up when they are decoded. A large input is in memory once then.
    """

    data: bytes
    name: str = ""
    is_named: bool = False
    is_read_once: bool = False
    _text: str | None = None

    def text(self) -> str:
        """The text; raises UnicodeDecodeError."""
        if self._text is not None:
            return self._text
        text = self.data.decode("utf-8")
        if self.is_read_once:
            self._text, self.data = text, b""
        return text


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a run.

    Args:
        new_texts: the new texts of the sources, in order, to be written piece by piece; None where a source cannot be
            read: then nothing may be written.
        results: errors first, then warnings, then infos.
        changes: what happened to each object.
        objects: what happened to generated objects, as data.
        new_files: new files by name, with their texts. A source whose text became empty is to be deleted.
        starts: where the items that stay begin in each source's old text, for diffs.
        switched_off: where the global switch is off; empty: it is not.
        items: the objects of the input, by position.
        places: where results are in the files.
        configuration: what the input and the environment configure.
        kustomizations: the kustomizations of the input.
        is_removal: the run takes out everything of krm-otel.
        packages: path → outcome of each package, where this is the outcome of all of them (`krm_otel.packages`).
    """

    new_texts: tuple[SplicedText | None, ...]
    results: tuple[Result, ...]
    changes: tuple[Change, ...]
    objects: ObjectChanges = field(default_factory=ObjectChanges)
    new_files: Mapping[str, str] = field(default_factory=dict)
    starts: tuple[tuple[int, ...], ...] = ()
    switched_off: str = ""
    items: tuple[Item, ...] = ()
    places: Places = field(default=Places())
    configuration: Configuration = field(default=Configuration(()))
    kustomizations: Kustomizations = field(default=Kustomizations())
    is_removal: bool = False
    packages: Mapping[str, Outcome] = field(default_factory=dict)

    @property
    def texts(self) -> tuple[str | None, ...]:
        """The new texts, each as one string."""
        return tuple(None if text is None else str(text) for text in self.new_texts)

    @property
    def exit_code(self) -> int:
        """1 if there are errors, otherwise 0."""
        return 1 if has_errors(self.results) else 0


def run(
    sources: Sequence[Source],
    environ: Mapping[str, str],
    *,
    function_config: Resource | None = None,
    remove: bool = False,
    complete: bool = False,
    in_one_text: bool = False,
    track: Track = untracked,
    two_processes: bool = False,
) -> Outcome:
    """Runs the function over one input.

    Args:
        sources: one text as an orchestrator sends it, or the files of a folder.
        environ: the environment; only `OPRC_CRM_*`, SOURCE_DATE_EPOCH and KRM_OTEL_VERIFY_EACH are read.
        function_config: for inputs that have none.
        remove: take out everything of krm-otel (`uninject`).
        complete: the sources are a whole folder, so a class that is not in it is deleted.
        in_one_text: new objects go to the end of the first source, also where the sources are files.
        track: iterates over sources and items, and may show the progress.
        two_processes: a child process may plan half of a large input: not where this process has threads.
    """
    verifies_each = bool(environ.get(VERIFY_EACH))
    use_shapes(not verifies_each)

    def plan_of(given: _Input) -> Plan:
        config = given.function_config or function_config
        options = {"remove": remove, "complete": complete, "two_processes": two_processes}
        return make_plan(given.items, config, environ, **options, track=track)

    try:
        given = _read_all(sources, track, by_lines=not verifies_each)
        plan = plan_of(given)
    except UnreadableItemError:
        given = _read_all(sources, track, by_lines=False)
        plan = plan_of(given)
    for item in given.items:
        item.by_lines = False  # views may ask for an item that planning did not need
    return _outcome(sources, given, plan, given.function_config or function_config, remove, in_one_text)


@dataclass(frozen=True, slots=True)
class _Input:
    """The sources as they were read: their envelopes, None where one cannot be read, and what is wrong with them."""

    envelopes: tuple[Envelope | None, ...]
    results: tuple[Result, ...]
    items: tuple[Item, ...]
    function_config: Resource | None


def _read_all(sources: Sequence[Source], track: Track, *, by_lines: bool) -> _Input:
    """Reads the sources; items are numbered throughout."""
    envelopes: list[Envelope | None] = []
    results: list[Result] = []
    items: list[Item] = []
    function_config = None
    for source in track(sources, "reading"):
        envelope, faults = _read(source, len(items), by_lines=by_lines)
        envelopes.append(envelope)
        results += faults
        if envelope is not None:
            items += envelope.items
            function_config = envelope.function_config or function_config
    return _Input(tuple(envelopes), tuple(results), tuple(items), function_config)


def _read(source: Source, first: int, *, by_lines: bool) -> tuple[Envelope | None, list[Result]]:
    """The envelope of a source, with its results. A file of a folder that cannot be read is only a warning."""
    try:
        envelope = read_envelope(source.text(), source.name, first, is_required, by_lines=by_lines)
    except UnicodeDecodeError as error:
        is_utf_16 = source.data.startswith((b"\xff\xfe", b"\xfe\xff"))  # what PowerShell redirects into a file
        text = f"the input is {'UTF-16' if is_utf_16 else f'not UTF-8 (byte {error.start})'}"
        fix, place = "write it as UTF-8", None
    except SourceError as error:
        text, fix = f"the input is not YAML or JSON: {error.message}", ""
        place = Place(error.line, error.column) if error.line else None
    else:
        return envelope, envelope.results
    severity: Severity | None = "warning" if source.name and not source.is_named else None
    return None, [UNREADABLE_INPUT.at(Ref(file=source.name, place=place), text, fix=fix, severity=severity)]


def _outcome(
    sources: Sequence[Source],
    given: _Input,
    plan: Plan,
    function_config: Resource | None,
    is_removal: bool,
    in_one_text: bool,
) -> Outcome:
    """Puts together what was read and what is planned."""
    results = ordered([*given.results, *plan.results])
    failed = has_errors(results)
    # With an error nothing is changed at all.
    texts, objects, changes = plan.texts, plan.objects, plan.changes
    # Results describe the input, and a second run has the same: an edit that is overwritten is gone by then.
    lasting = [result for result in results if result.code != EDIT_OVERWRITTEN.code]
    if failed:
        texts, objects, changes, results = {}, ObjectChanges(), tuple(map(_skipped, changes)), lasting
    written_results = [result for result in lasting if result.severity == "error"] if is_removal else lasting
    added = {sources[0].name: [*chain(*objects.added.values())]} if in_one_text else dict(objects.added)
    # After an error, a text that is not YAML would hide the error: then there is no text.
    new_texts = [
        _new_text(envelope, texts, objects, added.pop(source.name, []), written_results)
        if envelope and (envelope.is_complete or not failed)
        else None
        for source, envelope in zip(sources, given.envelopes, strict=True)
    ]
    new_files = {name: header(data[0]) + Envelope("", []).with_appended(data) for name, data in added.items()}
    return Outcome(
        tuple(new_texts),
        tuple(results),
        changes,
        objects,
        new_files,
        starts=tuple(_starts(envelope, objects) if envelope else () for envelope in given.envelopes),
        switched_off=plan.switched_off,
        items=given.items,
        places=Places(given.items, _moved(given.envelopes), function_config),
        configuration=plan.configuration,
        kustomizations=plan.kustomizations,
        is_removal=is_removal,
    )


def _new_text(
    envelope: Envelope,
    texts: Mapping[int, str],
    objects: ObjectChanges,
    added: Sequence[dict[str, Any]],
    results: Sequence[Result],
) -> SplicedText:
    """The new text of one envelope, with `added` after its items."""
    rewritten = {
        item.position: envelope.rewritten(item, objects.rewritten[item.position])
        for item in envelope.items
        if item.position in objects.rewritten
    }
    spliced = envelope.spliced({**texts, **rewritten}, results)
    removed = [i for i, item in enumerate(envelope.items) if item.position in objects.removed]
    if envelope.items and not removed and not added:
        return spliced
    # Removed and added objects move what follows them, so each step reads the text of the step before.
    text = str(spliced)
    if removed:
        text = read_envelope(text).without(removed)
    if added:
        text = read_envelope(text).with_appended(added, first_lines)
    # What is left of a file of krm-otel's own is the comment that it begins with.
    return SplicedText("" if is_only_header(text) else text)


def _moved(envelopes: Sequence[Envelope | None]) -> frozenset[int]:
    """The positions of items that an orchestrator took out of their files and put into a ResourceList."""
    lists = [envelope for envelope in envelopes if envelope and envelope.resource_list is not None]
    return frozenset(item.position for envelope in lists for item in envelope.items if not item.file)


def _starts(envelope: Envelope, objects: ObjectChanges) -> tuple[int, ...]:
    """Where the items that stay begin in the old text."""
    return tuple(len(envelope.bom) + i.start for i in envelope.items if i.position not in objects.removed)


def _skipped(change: Change) -> Change:
    """The change of an object where there are errors: nothing is done."""
    return replace(change, action="skipped", reason=_ERRORS, text=None) if change.changes_something else change
