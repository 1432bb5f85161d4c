"""Every style of writing a manifest keeps the laws, and gets the injection that was asked for."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.property.check import SETTINGS, check
from tests.property.manifests import Made, Writer


@st.composite
def inputs(draw: st.DrawFn, *, rare: bool) -> Made:
    """An input, each choice of which Hypothesis can shrink."""
    return Writer(lambda n: draw(st.integers(0, n - 1)) if n > 1 else 0, rare=rare).made()


@settings(SETTINGS, max_examples=300)
@given(inputs(rare=False))
def test_common_styles_are_injected(made: Made) -> None:
    """What people write is never refused: the injection is exact, no line is lost, and all of it can be taken back."""
    check(made)


@settings(SETTINGS, max_examples=120)
@given(inputs(rare=True))
def test_rare_styles_are_injected_or_refused(made: Made) -> None:
    """What cannot be edited safely is refused, with every item as it was."""
    check(made)
