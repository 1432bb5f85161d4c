"""Edits by hand among steps of the source: what somebody wrote stays, what was removed returns, nothing doubles."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st

from krm_otel.run import Source, run
from tests.property.check import SETTINGS
from tests.property.packages import Package, Workload, edited
from tests.property.test_lifecycle import COLLECTORS, CONFIGS, IMAGES, TELEMETRY, block

_OTLP = "OTEL_EXPORTER_OTLP_"
_VARIABLE = re.compile(r'( +)- name: (OTEL_[A-Z_]+)\n +value: "([^"]*)"\n')
STEP = st.one_of(
    st.tuples(st.just("block"), st.sampled_from(COLLECTORS), st.sampled_from(TELEMETRY)),
    st.tuples(st.just("off"), st.none(), st.none()),
    st.tuples(st.just("edit"), st.integers(0, 30), st.none()),
    st.tuples(st.just("remove"), st.integers(0, 30), st.none()),
)


@cache  # many walks come by the same text
def function(text: str, *, remove: bool = False) -> str | None:
    outcome = run([Source(text.encode())], {}, remove=remove)
    return None if outcome.exit_code else outcome.texts[0]


@cache
def variables(text: str) -> dict[str, dict[str, Any]]:
    """Container → variable → value, of the package's workload; a name that stands twice fails."""
    (workload,) = [one for one in yaml.load(text, yaml.CSafeLoader)["items"] if one["metadata"]["name"] == "w0"]
    found = {}
    for container in workload["spec"]["template"]["spec"]["containers"]:
        entries = container.get("env") or []
        names = [entry["name"] for entry in entries]
        assert len(set(names)) == len(names), f"twice in {container['name']}: {names}"
        found[container["name"]] = {entry["name"]: entry.get("value") for entry in entries}
    return found


def fresh(text: str) -> dict[str, Any]:
    """The function's variables where this source is rendered for the first time."""
    output = function(text)
    assert output is not None
    return variables(output)["function"]


@SETTINGS
@given(
    kind=st.sampled_from(("Deployment", "Service")),
    own=st.booleans(),
    steps=st.lists(STEP, min_size=1, max_size=12),
)
def test_an_edit_is_the_users_from_then_on(kind: str, own: bool, steps: list[tuple[str, Any, Any]]) -> None:
    package = Package(config={key: values[0] for key, values in CONFIGS.items() if key not in ("enabled", "adopt")})
    package.classes = {"a": block(COLLECTORS[0], TELEMETRY[0])}
    package.workloads = {0: Workload("w0", kind, "a", {"function": IMAGES[0]}, own_attributes=own)}
    before = package.items()
    output = function(package.text())
    assert output is not None
    theirs: dict[str, str] = {}
    for number, (step, first, second) in enumerate(steps):
        text = output
        if step == "block":
            package.classes["a"] = block(first, second)
        elif step == "off":
            package.classes["a"] = "observability: {enabled: false}"
        elif found := [
            m for m in _VARIABLE.finditer(text) if m[2] != "OTEL_RESOURCE_ATTRIBUTES" and m[2] not in theirs
        ]:
            match = found[first % len(found)]
            if step == "edit":
                theirs[match[2]] = f"mine-{number}"
                text = text[: match.start(3)] + theirs[match[2]] + text[match.end(3) :]
            else:
                text = text[: match.start()] + text[match.end() :]
        # The source does not have what was edited in the output: lines are found from where they were.
        changed = function(edited(text, before, package))
        if changed is None:
            return  # two halves that do not go together any more: said, and nothing is written
        output, before = changed, package.items()
        now = variables(output)["function"]
        assert {name: now.get(name) for name in theirs} == theirs, "what somebody wrote stays"
        assert function(output) == output
        assert fresh(package.text()).keys() <= now.keys() | _follow(theirs), "what was removed returns"
        left = function(output, remove=True)
        assert left is not None
        source = variables(package.text())["function"]
        assert variables(left)["function"] == source | theirs, "uninject leaves what is not ours"


def _follow(theirs: dict[str, str]) -> set[str]:
    """Variables that go with others: without ours beside them they are not set (docs/injection.md)."""
    pairs = {"OTEL_TRACES_SAMPLER": {"OTEL_TRACES_SAMPLER_ARG"}}
    halves = {f"{_OTLP}{half}" for half in ("ENDPOINT", "PROTOCOL")}
    for signal in ("TRACES", "METRICS", "LOGS"):
        own = {f"{_OTLP}{signal}_{half}" for half in ("ENDPOINT", "PROTOCOL")}
        pairs |= dict.fromkeys(own, own)
        halves |= own
    # A general endpoint or protocol of theirs speaks for single signals, too.
    pairs |= dict.fromkeys((f"{_OTLP}ENDPOINT", f"{_OTLP}PROTOCOL"), halves)
    found = {name for one in theirs for name in pairs.get(one, set())}
    return found | {name for name in ("OTEL_SERVICE_NAME",) if "OTEL_RESOURCE_ATTRIBUTES" in theirs}
