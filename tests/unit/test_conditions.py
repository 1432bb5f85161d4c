"""Conditions in a ClassRuntime: when they came to be so, and what an edit by hand does to them."""

from __future__ import annotations

import json
from typing import Any

import yaml

from krm_otel.run import Source, run

CONFIG = """\
apiVersion: fn.oaas.io/v1alpha1
kind: OTelConfig
metadata: {name: otel}
spec: {status: write, telemetry: {propagators: [w3c]}, collector: {endpoint: "http://otel:4317"}}
---
"""
CLASS = """\
apiVersion: oaas.io/v1alpha1
kind: ClassRuntime
metadata: {name: echo}
spec: {observability: {enabled: true}}
---
"""
WORKLOAD = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: echo, labels: {oaas.io/owner: echo}}
spec: {template: {spec: {containers: [{name: function, image: echo}]}}}
"""


def rendered(text: str, epoch: str = "", *, remove: bool = False) -> str:
    outcome = run([Source(text.encode())], {"SOURCE_DATE_EPOCH": epoch} if epoch else {}, remove=remove)
    assert outcome.exit_code == 0, outcome.results
    assert outcome.texts[0] is not None
    return outcome.texts[0]


def condition(text: str) -> dict[str, Any]:
    (found,) = [one for one in yaml.safe_load_all(text) if one["kind"] == "ClassRuntime"]
    (only,) = found["status"]["conditions"]
    assert isinstance(only, dict)
    return only


def test_without_an_epoch_there_is_no_time() -> None:
    assert "lastTransitionTime" not in condition(rendered(CONFIG + CLASS + WORKLOAD))


def test_a_time_is_kept_as_long_as_the_status_is() -> None:
    first = rendered(CONFIG + CLASS + WORKLOAD, "1700000000")
    assert condition(first)["lastTransitionTime"] == "2023-11-14T22:13:20Z"
    assert rendered(first, "1800000000") == first, "nothing changed"
    assert rendered(first) == first, "and without an epoch neither"
    without = "---\n".join(one for one in first.split("---\n") if "kind: Deployment" not in one)
    changed = condition(rendered(without, "1800000000"))
    assert (changed["status"], changed["lastTransitionTime"]) == ("False", "2027-01-15T08:00:00Z")


def test_an_invalid_epoch_is_ignored() -> None:
    assert "lastTransitionTime" not in condition(rendered(CONFIG + CLASS + WORKLOAD, "yesterday"))


def test_an_edited_condition_is_corrected_and_restored_on_uninject() -> None:
    """The status tells the truth; what somebody wrote is not lost."""
    edited = rendered(CONFIG + CLASS + WORKLOAD).replace('status: "True"', 'status: "False" # by hand')
    again = rendered(edited)
    assert condition(again)["status"] == "True"
    assert rendered(again) == again
    assert 'status: "False" # by hand' in rendered(again, remove=True)


def test_another_wording_is_no_change() -> None:
    first = rendered(CONFIG + CLASS + WORKLOAD)
    reworded = first.replace("1 workload instrumented, sending directly", "all is well")
    assert condition(rendered(reworded))["message"] == "all is well"


def test_an_unknown_time_is_removed() -> None:
    """krm-otel contradicts another controller's condition: the time is unknown; uninject restores the condition."""
    theirs = """\
status:
  conditions:
  - {type: TelemetryConfigured, status: "False", lastTransitionTime: "2020-01-01T00:00:00Z", reason: Theirs}
---
"""
    source = CONFIG + CLASS.removesuffix("---\n") + theirs + WORKLOAD
    out = rendered(source)
    assert condition(out) == condition(source) | {
        "status": "True",
        "reason": "Injected",
        "message": "1 workload instrumented, sending directly",
        "lastTransitionTime": None,
    }
    assert rendered(out) == out
    assert rendered(out, "1700000000") == out, "nothing happens at that time"
    assert condition(rendered(source, "1700000000"))["lastTransitionTime"] == "2023-11-14T22:13:20Z"
    assert rendered(out, remove=True) == source


def test_another_style_is_no_change() -> None:
    """What a tool wrote in its own style (here JSON) stays in it, and says the same of the class."""
    documents = list(yaml.safe_load_all(rendered(CONFIG + CLASS + WORKLOAD)))
    text = "---\n".join(json.dumps(one, indent=1, sort_keys=True) + "\n" for one in documents)
    assert rendered(text) == text
    assert list(yaml.safe_load_all(rendered(text, remove=True))) == list(yaml.safe_load_all(CONFIG + CLASS + WORKLOAD))
