"""Headers of exporters that the user's part and the generated part spell differently."""

from __future__ import annotations

from collections.abc import Iterator

from krm_otel.collector.consistency.problem import Deployed, Problem
from krm_otel.credential import headers_twice
from krm_otel.diagnostics.rules import fields as rules


def header_problems(deployed: Deployed) -> Iterator[Problem]:
    """A header stands twice after the merge, so that one of its values is lost."""
    for steps, first in headers_twice(deployed.config):
        yield Problem(rules.HEADER_TWICE, steps, f"is the same header as {first}", f"write it as {first}")
