"""Everything that has to hold for an input that a `Writer` made."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

from krm_otel.krm.reader import read_envelope
from krm_otel.run import Outcome
from tests.property.manifests import CLASS, SECURE_ENDPOINT, SIMPLE_ENDPOINT, Made
from tests.support.laws import assert_laws
from tests.support.oracle import assert_injected, assert_lines_kept

SETTINGS = settings(
    derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck), print_blob=False
)


def check(made: Made) -> Outcome:
    """Runs the function over an input; returns its outcome."""
    data = made.text.encode()
    out, outcome = assert_laws(data)
    if outcome.exit_code:
        refusals = [result.line() for result in outcome.results if result.severity == "error"]
        assert made.odd, refusals
        return outcome
    before, after = read_envelope(made.text), read_envelope(out.decode())
    endpoint = SECURE_ENDPOINT if made.secured else SIMPLE_ENDPOINT
    for change in outcome.changes:
        if change.text is not None:
            old, new = before.items[change.ref.position].text, after.items[change.ref.position].text
            assert change.action == "injected"
            assert_lines_kept(old, new)
            assert_injected(old, new, CLASS, endpoint, secured=made.secured)
    return outcome
