"""The laws that every input keeps (design, section 2.1), as assertions over one run."""

from __future__ import annotations

from collections.abc import Mapping

from krm_otel.cli.pass_through import pass_through
from krm_otel.diagnostics.catalogue import RULES
from krm_otel.diagnostics.rules.collector import EDIT_OVERWRITTEN
from krm_otel.krm.envelope import Envelope
from krm_otel.krm.reader import read_envelope
from krm_otel.run import Outcome, Source, run
from krm_otel.views.lines import Line, lines
from krm_otel.views.summary import Summary
from tests.support.oracle import assert_lines_kept


def function(data: bytes, environ: Mapping[str, str] | None = None, *, remove: bool = False) -> tuple[bytes, Outcome]:
    """Standard output and outcome of the function, as `krm-otel` (or `krm-otel uninject -`) gives them."""
    outcome = run([Source(data)], environ or {}, remove=remove)
    text = outcome.texts[0]
    return (b"" if text is None else text.encode()), outcome


def assert_laws(
    data: bytes, environ: Mapping[str, str] | None = None, ran: tuple[bytes, Outcome] | None = None
) -> tuple[bytes, Outcome]:
    """Idempotence, undo, untouched spans and lines, order, and the input's items unharmed on an error.

    `ran` is what `function` gave for it, where it was asked already; returns it.
    """
    out, outcome = ran or function(data, environ)
    assert {result.code for result in outcome.results} <= RULES.keys()
    assert_passes_alike(data, environ or {}, (out, outcome))
    if out == b"":
        assert outcome.exit_code == 1 or not data.strip()
        return out, outcome
    before, after = read_envelope(data.decode()), read_envelope(out.decode())
    assert_items_kept(before, after, outcome)
    if not {change.action for change in outcome.changes} & {"generated", "pruned"}:
        assert_frame_kept(before, after)
    if not has_results(before) and not has_results(after) and not any(c.changes_something for c in outcome.changes):
        assert out == data, "there is nothing to do, but something changes"
    again, second = function(out, environ)
    assert again == out, "running twice changes something"
    # An edit that is overwritten is gone afterwards; its warning is on standard error, and not in the output.
    lasting = [r.to_dict() for r in outcome.results if r.code != EDIT_OVERWRITTEN.code]
    assert [r.to_dict() for r in second.results] == lasting, "other results second time"
    back, undone = function(out, environ, remove=True)
    assert undone.exit_code == 0 or outcome.exit_code == 1, [r.line() for r in undone.results]
    ours = (b"oaas.io/otel-injected", b"oaas.io/generated-by")
    if outcome.exit_code == 0 and not any(name in data for name in ours) and not has_results(before):
        assert back == data, "uninject does not give the input back"
    return out, outcome


def assert_passes_alike(data: bytes, environ: Mapping[str, str], ran: tuple[bytes, Outcome]) -> bool:
    """Where an input passes through, the full way says and writes the same; returns whether it passes."""
    passed = pass_through(data, environ)
    if passed is None:
        return False
    out, outcome = ran
    assert passed.output == out
    assert (outcome.exit_code, outcome.results) == (0, ())
    assert Summary.without_class(passed.workloads) == Summary.of(outcome)
    assert lines(outcome) == [Line(Summary.of(outcome).sentence())]
    return True


def has_results(envelope: Envelope) -> bool:
    return envelope.resource_list is not None and "results" in envelope.resource_list.keys


def assert_items_kept(before: Envelope, after: Envelope, outcome: Outcome) -> None:
    """Existing items stay in their order, and those without a change in every byte."""
    changed = {change.ref.position for change in outcome.changes if change.changes_something}
    pruned = {change.ref.position for change in outcome.changes if change.action == "pruned"}
    if outcome.exit_code:
        assert not changed
    kept = [item for item in before.items if item.position not in pruned]
    assert len(after.items) >= len(kept)
    places = {old.position: new for old, new in zip(kept, after.items, strict=False)}
    for old, new in zip(kept, after.items, strict=False):
        assert (old.api_version, old.kind) == (new.api_version, new.kind)
        if old.position not in changed:
            # An item reaches to the next token: before one that was generated, that takes in its indentation, and the
            # line break that the text may have ended without.
            blanks = " \r\n" if old is kept[-1] and len(after.items) > len(kept) else ""
            spans = (item.source[item.start : item.end].rstrip(blanks) for item in (old, new))
            assert next(spans) == next(spans), f"item {old.position} changed"
    for change in outcome.changes:
        # A condition of one of our types that says something else gets our values; undoing it is held above.
        renewed = change.reason == "conditions" and "TelemetryConfigured" in before.items[change.ref.position].text
        if change.text is not None and change.action == "injected" and not renewed:
            adopt = any(result.code == "variable-adopted" for result in outcome.results)
            assert_lines_kept(before.items[change.ref.position].text, places[change.ref.position].text, adopt=adopt)


def assert_frame_kept(before: Envelope, after: Envelope) -> None:
    """The text between the items stays in every byte, and so does the text around them where there are no results."""
    old, new = _frame(before), _frame(after)
    if has_results(before) or has_results(after):
        old, new = old[1:-1], new[1:-1]
    assert new[: len(old) - 1] == old[:-1] and new[-1:] == old[-1:], "something between the items changed"
    assert before.bom == after.bom


def _frame(envelope: Envelope) -> list[str]:
    edges = [0, *(edge for item in envelope.items for edge in (item.start, item.end)), len(envelope.text)]
    return [envelope.text[start:end] for start, end in zip(edges[::2], edges[1::2], strict=True)]
