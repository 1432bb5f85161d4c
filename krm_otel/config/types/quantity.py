"""Kubernetes quantities (`100m`, `256Mi`) as numbers.

Source: API machinery, `resource.Quantity`: a decimal number, and a binary suffix, a decimal one, or an exponent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from krm_otel.config.types.finding import fault, write
from krm_otel.diagnostics.rules import fields as rules
from krm_otel.regex import regex

if TYPE_CHECKING:
    from fractions import Fraction

MIB: Final = 2**20

_QUANTITY: Final = regex(
    r"(?P<number>[0-9]+(\.[0-9]*)?|\.[0-9]+)((?P<suffix>[KMGTPE]i|[mkMGTPE])|[eE](?P<power>[-+]?[0-9]{1,2}))?\Z"
)
_SUFFIXES: Final[dict[str, tuple[int, int]]] = {
    "m": (1000, -1),
    **{letter: (1000, power) for power, letter in enumerate("kMGTPE", 1)},
    **{f"{letter}i": (1024, power) for power, letter in enumerate("KMGTPE", 1)},
}
"""Suffix → base and power."""


def parse(text: str) -> Fraction | None:
    """The number that a quantity is; None for another text, or a negative number."""
    match = _QUANTITY.match(text)
    if not match:
        return None
    from fractions import Fraction

    base, power = _SUFFIXES.get(match["suffix"]) or (10, int(match["power"] or 0))
    return Fraction(match["number"].rstrip(".")) * Fraction(base) ** power


def value(text: str) -> Fraction:
    """As `parse`, for a quantity that has been checked."""
    number = parse(text)
    assert number is not None
    return number


def quantity_text(resource: str, amount: Fraction) -> str:
    """An amount as people write it: MiB of memory and disk, thousandths of processors; rounded up."""
    if resource in ("memory", "ephemeral-storage"):
        return f"{-(-amount // MIB)}Mi"
    return f"{-(-amount * 1000 // 1)}m"


def mebibytes(text: str) -> int:
    """A checked amount of memory in whole MiB, rounded down."""
    return int(value(text) / MIB)


def check(text: str) -> str:
    """A quantity above zero, or a finding."""
    if not parse(text):
        better = text.replace(" ", "").removesuffix("B").removesuffix("b")
        proposed = better if better != text and parse(better) else None
        wrong = "must be a Kubernetes quantity such as 100m or 256Mi"
        raise fault(rules.QUANTITY_INVALID, wrong, fix=write(proposed), proposed=proposed)
    return text
