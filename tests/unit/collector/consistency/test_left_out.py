"""What lists of the user's leave out of generated ones, one result for each loss."""

from __future__ import annotations

import pytest

from krm_otel.collector.consistency import check_consistency
from krm_otel.diagnostics.rules.merged_config import CONFIG_LEFT_OUT
from tests.support.collector import class_and_settings

SPEC = """
collector:
  mode: deployment
  exporters: {{traces: "http://tempo:4317", metrics: scraped}}
  config: {config}
backends: {{scraped: {{type: prometheus-scrape}}}}
"""


def left_out(config: str) -> list[str]:
    found = class_and_settings("", SPEC.format(config=config))
    results = [result for result in check_consistency(*found) if result.code == CONFIG_LEFT_OUT.code]
    return [result.message.partition("leaves out ")[2].partition(":")[0] or result.message for result in results]


def pipeline(signal: str, role: str, ids: str) -> str:
    return f"{{service: {{pipelines: {{{signal}: {{{role}: [{ids}]}}}}}}}}"


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ("{exporters: {debug: {}}}", []),
        (pipeline("traces", "processors", "memory_limiter, resource, filter/x, batch"), []),
        (pipeline("traces", "processors", "filter/x"), ["memory_limiter", "resource", "batch"]),
        (pipeline("metrics", "processors", "memory_limiter, batch"), ["resource", "transform/labels"]),
        (pipeline("metrics", "exporters", "debug"), ["prometheus/scraped"]),
        (pipeline("traces/more", "processors", "batch"), []),
        (pipeline("traces", "receivers", "otlp/2"), []),
    ],
)
def test_each_generated_component_is_named(config: str, expected: list[str]) -> None:
    """Those that the pipeline had, in its order; a pipeline of the user's own has lost nothing."""
    assert left_out(config) == expected


def test_an_order_in_which_the_limiter_is_late() -> None:
    """memory_limiter can refuse only what nobody has taken yet."""
    (message,) = left_out(pipeline("traces", "processors", "batch, memory_limiter, resource"))
    assert "has batch before memory_limiter" in message


def test_other_lists_are_named_by_their_entries() -> None:
    """By key or name, as they are told apart."""
    (message,) = left_out("{processors: {resource: {attributes: [{key: team, value: a, action: insert}]}}}")
    assert "which had service.namespace and deployment.name" in message
