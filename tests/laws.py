"""The laws that every input keeps (design, section 2.1), as assertions over one run."""

from __future__ import annotations

from collections.abc import Mapping

from krm_otel.krm.envelope import Envelope, read_envelope
from krm_otel.krm.results import CODES
from krm_otel.run import Outcome, Source, run


def function(data: bytes, environ: Mapping[str, str] | None = None, *, remove: bool = False) -> tuple[bytes, Outcome]:
    """Standard output and outcome of the function, as `krm-otel` (or `krm-otel uninject -`) gives them."""
    outcome = run([Source(data)], environ or {}, remove=remove)
    text = outcome.texts[0]
    return (b"" if text is None else text.encode()), outcome


def assert_laws(data: bytes, environ: Mapping[str, str] | None = None) -> None:
    """Idempotence, undo, untouched spans, order, and the input's items unharmed on an error."""
    out, outcome = function(data, environ)
    assert {result.code for result in outcome.results} <= CODES.keys()
    if out == b"":
        assert outcome.exit_code == 1 or not data.strip()
        return
    before, after = read_envelope(data.decode()), read_envelope(out.decode())
    assert_items_kept(before, after, outcome)
    again, second = function(out, environ)
    assert again == out, "running twice changes something"
    assert [r.to_dict() for r in second.results] == [r.to_dict() for r in outcome.results], "other results second time"
    back, undone = function(out, environ, remove=True)
    assert undone.exit_code == 0 or outcome.exit_code == 1, [r.line() for r in undone.results]
    if outcome.exit_code == 0 and b"oaas.io/otel-injected" not in data and not has_results(before):
        assert back == data, "uninject does not give the input back"


def has_results(envelope: Envelope) -> bool:
    return envelope.top is not None and "results" in envelope.top.keys


def assert_items_kept(before: Envelope, after: Envelope, outcome: Outcome) -> None:
    """Existing items stay in their order, and those without a change in every byte."""
    changed = {change.ref.position for change in outcome.changes if change.text is not None}
    if outcome.exit_code:
        changed = set()
    assert len(after.items) >= len(before.items)
    for old, new in zip(before.items, after.items, strict=False):
        assert (old.api_version, old.kind) == (new.api_version, new.kind)
        if old.position not in changed:
            spans = (item.source[item.start : item.end] for item in (old, new))
            assert next(spans) == next(spans), f"item {old.position} changed"
