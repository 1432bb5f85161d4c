"""The summary for a pull request."""

from __future__ import annotations

import re

from krm_otel.names import A_PREVIOUS_NAMES
from krm_otel.run import Outcome, Source, run
from krm_otel.views.diff import FileDiff
from krm_otel.views.markdown import markdown
from krm_otel.views.stat import stat_lines

CLASS = """\
apiVersion: oaas.io/v1alpha1
kind: ClassRuntime
metadata: {name: shop}
spec:
  observability:
    enabled: true
    telemetry: {propagators: [w3c]}
    collector: {mode: %s, exporters: {traces: "http://tempo:4317", metrics: debug}}
"""
WORKLOADS = """\
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, labels: {oaas.io/owner: shop}}
spec:
  replicas: 3
  template:
    spec:
      containers: [{name: function, image: a:1, env: [{name: A, value: b}]}]
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent, labels: {oaas.io/owner: shop}}
spec: {template: {spec: {containers: [{name: agent, image: a:1}]}}}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: nightly, labels: {oaas.io/owner: shop}}
spec: {jobTemplate: {spec: {template: {spec: {containers: [{name: job, image: a:1}]}}}}}
"""


def rendered(text: str) -> Outcome:
    return run([Source(text.encode(), "apps/shop.yaml")], {})


def lines(text: str) -> list[str]:
    return list(markdown(rendered(text)))


def test_a_sidecar_rolls_the_pods_and_costs_requests() -> None:
    """Three replicas and one pod each of what the cluster scales: 20m and 64Mi for each sidecar."""
    page = lines(CLASS % "sidecar" + WORKLOADS)
    assert page[0] == "### krm-otel: no change", "without files that change, there is nothing to do"
    assert "- **Pods are replaced** in 3 workloads." in page
    (requests,) = [line for line in page if "Requests of all pods" in line]
    assert "+100m CPU and +320Mi memory; where the cluster decides how many pods there are, one counts" in requests
    (cart,) = [line for line in page if line.startswith("| `Deployment cart`")]
    cells = [cell.strip() for cell in cart.strip("|").split("|")]
    assert cells[1] == "injected" and cells[3:] == ["roll", "+60m CPU, +192Mi memory"]
    assert re.fullmatch(r"container `otel-collector` is added<br>`function`: \d+ variables added", cells[2])
    assert any(line.startswith("| `CronJob nightly`") and "at its next run" in line for line in page)


def test_a_changed_rate_names_its_variable() -> None:
    first = rendered(CLASS % "sidecar" + WORKLOADS)
    text = "".join(t or "" for t in (*first.texts, *first.new_files.values()))
    assert "sampling" not in text.partition("---")[0]
    again = rendered(text.replace("propagators: [w3c]", "propagators: [w3c], sampling_rate: 0.3"))
    (cart,) = [line for line in markdown(again) if line.startswith("| `Deployment cart`")]
    assert "| updated | `function`: `OTEL_TRACES_SAMPLER_ARG` changed | roll |" in cart


def test_a_collector_of_its_own_is_an_object_with_requests() -> None:
    page = lines(CLASS % "deployment" + WORKLOADS)
    (deployment,) = [line for line in page if line.startswith("| `Deployment shop-otel-collector`")]
    assert "| generated |" in deployment and "CPU" in deployment


def test_a_collector_that_kustomize_renamed_is_the_same_one() -> None:
    """Its change names it as the input does, and its new object has the name that krm-otel gives it."""
    first = rendered(CLASS % "deployment")
    text = "".join(t or "" for t in (*first.texts, *first.new_files.values()))
    before, kind, deployment = text.partition("kind: Deployment\n")
    previous = f"annotations:\n    {A_PREVIOUS_NAMES}: shop-otel-collector\n"
    for old, new in (
        ("name: shop-otel", "name: dev-shop-otel"),
        ("annotations:\n", previous),
        ('cpu: "100m"', 'cpu: "200m"'),
    ):
        deployment = deployment.replace(old, new, 1)
    page = markdown(rendered(before + kind + deployment))
    assert "| `Deployment dev-shop-otel-collector` | updated | -100m CPU |" in page


def test_classes_results_and_files_are_listed() -> None:
    text = CLASS % "sidecar" + WORKLOADS
    outcome = rendered(text)
    (file,) = FileDiff.of(text, outcome.texts[0], "apps/shop.yaml")
    page = list(markdown(outcome, [file]))
    assert page[0] == "### krm-otel: telemetry changes"
    assert "| `ClassRuntime shop` | on | sidecar |" in page
    assert f"| `apps/shop.yaml` | +{file.added} | -{file.removed} |" in page
    assert page[-1] == "</details>"


def test_a_knative_container_without_a_name_is_the_same_one_with_it() -> None:
    """krm-otel names it where a sidecar joins it."""
    service = (
        "---\napiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {name: fn, labels: {oaas.io/owner: shop}}\n"
        "spec: {template: {spec: {containers: [{image: a:1}]}}}\n"
    )
    (row,) = [line for line in lines(CLASS % "sidecar" + service) if line.startswith("| `Service fn`")]
    assert "`user-container`: 10 variables added<br>`user-container`: `ports`, `name` changed" in row
    assert "container `user-container` is added" not in row and "| a new revision |" in row


def test_a_warning_of_many_workloads_is_listed_once() -> None:
    text = (CLASS % "sidecar" + WORKLOADS).replace("    telemetry: {propagators: [w3c]}\n", "")
    page = lines(text)
    at = [index for index, line in enumerate(page) if "b3-by-default" in line and line.startswith("- ")]
    assert len(at) == 1
    assert page[at[0] + 1] == "  3 times, also DaemonSet agent and CronJob nightly"


def test_text_of_the_input_is_no_markup() -> None:
    """Messages may have keys and values of the input."""
    page = lines((CLASS % "sidecar").replace("propagators: [w3c]", "'<b>|x|*y*': 1"))
    (said,) = [line for line in page if line.startswith("- ❌")]
    assert r"\<b\>\|x\|\*y\*" in said and "<b>" not in said
    assert page[0] == "### krm-otel: errors"


def test_stat_is_as_git_draws_it() -> None:
    small = FileDiff("a.yaml", ("--- a", "+++ b", "@@", "+x", "-y"))
    large = FileDiff("long/b.yaml", ("--- a", "+++ b", "@@", *["+x"] * 90))
    assert list(stat_lines([small, large])) == [
        " a.yaml      |  2 +-",
        f" long/b.yaml | 90 {'+' * 30}",
        " 2 files changed, 91 lines added, 1 line removed",
    ]
    assert list(stat_lines([])) == []
