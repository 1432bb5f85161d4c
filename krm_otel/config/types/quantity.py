"""Kubernetes quantities (`100m`, `256Mi`): what they come to.

Source: API machinery, `resource.Quantity`: a decimal number, and a binary suffix, a decimal one, or an exponent.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Final

MIB: Final = 2**20

_QUANTITY: Final = re.compile(
    r"(?P<number>[0-9]+(\.[0-9]*)?|\.[0-9]+)((?P<suffix>[KMGTPE]i|[mkMGTPE])|[eE](?P<power>[-+]?[0-9]{1,2}))?\Z"
)
_SUFFIXES: Final[dict[str, Fraction]] = {
    "m": Fraction(1, 1000),
    **{letter: Fraction(1000**power) for power, letter in enumerate("kMGTPE", 1)},
    **{f"{letter}i": Fraction(1024**power) for power, letter in enumerate("KMGTPE", 1)},
}


def parse(text: str) -> Fraction | None:
    """The number that a quantity is; None where it is none, or negative."""
    found = _QUANTITY.match(text)
    if not found:
        return None
    number = Fraction(found["number"].rstrip("."))
    if found["suffix"]:
        return number * _SUFFIXES[found["suffix"]]
    return number * Fraction(10) ** int(found["power"] or 0)


def value(text: str) -> Fraction:
    """As `parse`, for a quantity that has been checked."""
    found = parse(text)
    assert found is not None
    return found


def mebibytes(text: str) -> int:
    """A checked amount of memory in whole MiB, rounded down."""
    return int(value(text) / MIB)
