"""Which containers of a workload are instrumented, and as what."""

from __future__ import annotations

import pytest

from krm_otel.config.settings import Configuration
from krm_otel.names import A_CONTAINERS, A_INJECT, A_PROTOCOL
from krm_otel.workloads.match import Match
from krm_otel.workloads.select import Selection, select
from tests.unit.workloads.objects import component, deployment, oaas_class

ECHO = oaas_class("echo", ("get", "x/echo:1"), ("log", "x/fluentd:1"))
MATCH = Match(ECHO)
NONE = Configuration(())
PAIR = (("main", "x/echo:1"), ("istio-proxy", "istio/proxyv2:1"))


def chosen(selection: Selection) -> list[str]:
    return [c.container.name for c in selection.containers]


def test_all_but_proxies_and_agents() -> None:
    """Each container that is left out has a reason."""
    found = select(deployment(containers=PAIR), MATCH, NONE)
    assert chosen(found) == ["main"]
    assert found.skipped == (("istio-proxy", "proxy or agent by its name istio-proxy"),)
    assert (found.reason_skipped, found.protocol, found.results) == (None, None, ())


@pytest.mark.parametrize(
    ("name", "image", "skipped"),
    [
        ("linkerd-proxy", "", True),
        ("queue-proxy", "", True),
        ("vault-agent-init", "", True),
        ("otel-collector", "", True),
        ("aws-otel-collector", "", True),
        ("c", "otel/opentelemetry-collector-contrib:0.158.0", True),
        ("c", "host:5000/mirror/otelcol:1@sha256:ab", True),
        ("c", "public.ecr.aws/aws-observability/aws-otel-collector:v1", True),
        ("c", "fluent/fluent-bit", True),
        ("c", "timberio/vector:0.40.0-alpine", True),
        ("c", "gcr.io/istio-release/proxyv2:1", True),
        ("vector", "x/vector-math", False),
        ("my-proxy", "x/y", False),
        ("c", "x/y:fluentd", False),
        # What the class says is its function is one, and so are the names that upstream gives.
        ("envoy", "x/echo:2", False),
        ("c", "x/fluentd:9", False),
        ("function", "x/promtail", False),
        ("odgm", "x/filebeat", False),
    ],
)
def test_what_looks_like_a_proxy(name: str, image: str, skipped: bool) -> None:
    """By name or by the end of the image's repository; never the class's own function."""
    found = select(deployment(containers=((name, image), ("other", "o"))), MATCH, NONE)
    assert chosen(found) == (["other"] if skipped else [name, "other"])


def test_configured_globs() -> None:
    """`skip_containers` of OTelConfig adds globs, and beats what the class says."""
    configuration = Configuration((), skip_containers=("side-*", "function"))
    workload = deployment(containers=(("side-a", ""), ("function", "x/echo"), ("main", "")))
    found = select(workload, MATCH, configuration)
    assert chosen(found) == ["main"]
    assert found.skipped == (
        ("side-a", "skip_containers side-*"),
        ("function", "skip_containers function"),
    )


def test_nothing_left() -> None:
    """A pod of agents only is skipped, with a reason."""
    found = select(deployment(containers=(("fluent-bit", ""),)), MATCH, NONE)
    assert found.reason_skipped == "no container to instrument"
    assert found.containers == ()


@pytest.mark.parametrize(
    ("on_object", "on_template", "out"),
    [
        ("false", "", True),
        ("", "false", True),
        ("FALSE", "", True),
        ("true", "false", True),
        ("false", "true", True),
        ("true", "True", False),
        ("", "", False),
    ],
)
def test_opt_out(on_object: str, on_template: str, out: bool) -> None:
    """One `false` in either place is enough, in any case."""
    workload = deployment(
        annotations={A_INJECT: on_object}, template_annotations={A_INJECT: on_template}, containers=PAIR
    )
    found = select(workload, MATCH, NONE)
    assert found.reason_skipped == ("opt-out oaas.io/otel-inject" if out else None)
    assert chosen(found) == ([] if out else ["main"])
    assert found.results == ()


@pytest.mark.parametrize(
    ("value", "proposed"),
    [
        ("no", "false"),
        ("off", "false"),
        ("flase", "false"),
        ("yes", "true"),
        ("ture", "true"),
        ("?", "false"),
    ],
)
def test_opt_out_misspelt(value: str, proposed: str) -> None:
    """Other values are reported with a proposal, and have no effect."""
    found = select(deployment(annotations={A_INJECT: value}), MATCH, NONE)
    (warning,) = found.results
    assert (warning.code, warning.severity) == ("inject-annotation-invalid", "warning")
    assert (warning.current, warning.proposed) == (value, proposed)
    assert warning.field_path == "metadata.annotations[oaas.io/otel-inject]"
    assert chosen(found) == ["main"]


def test_chosen_containers() -> None:
    """Exactly these, also where they look like a proxy; spaces and empty entries do not count."""
    workload = deployment(annotations={A_CONTAINERS: " istio-proxy ,,main"}, containers=(*PAIR, ("other", "")))
    found = select(workload, MATCH, NONE)
    assert chosen(found) == ["main", "istio-proxy"]
    assert found.skipped == (("other", "not in oaas.io/otel-containers"),)


def test_chosen_container_that_is_not_there() -> None:
    """A warning with the nearest name; the others are taken."""
    found = select(deployment(annotations={A_CONTAINERS: "main,istio-prxy"}, containers=PAIR), MATCH, NONE)
    (warning,) = found.results
    assert (warning.code, warning.current, warning.proposed) == (
        "container-not-found",
        "istio-prxy",
        "istio-proxy",
    )
    assert chosen(found) == ["main"]
    nothing = select(deployment(annotations={A_CONTAINERS: "zzz"}, containers=PAIR), MATCH, NONE)
    assert nothing.reason_skipped == "no container to instrument"
    assert nothing.results[0].proposed is None


def test_the_template_is_read_first() -> None:
    """Choice and protocol: the template stands nearer to the containers."""
    workload = deployment(
        annotations={A_CONTAINERS: "main", A_PROTOCOL: "grpc"},
        template_annotations={A_CONTAINERS: "other", A_PROTOCOL: "HTTP"},
        containers=(("main", ""), ("other", "")),
    )
    found = select(workload, MATCH, NONE)
    assert chosen(found) == ["other"]
    assert found.protocol == "http"


@pytest.mark.parametrize(
    ("value", "proposed"), [("http/protobuf", "http"), ("grcp", "grpc"), ("htttp", "http"), ("udp", "grpc")]
)
def test_protocol_that_is_none(value: str, proposed: str) -> None:
    """An error: guessing it would send data to a port that does not understand it."""
    found = select(deployment(annotations={A_PROTOCOL: value}), MATCH, NONE)
    (fault,) = found.results
    assert (fault.code, fault.severity) == ("protocol-annotation-invalid", "error")
    assert (fault.current, fault.proposed) == (value, proposed)
    assert found.protocol is None


def test_roles() -> None:
    """A container `odgm` is the ODGM, all of a platform component is platform, the rest are functions."""
    workload = deployment(containers=(("function", ""), ("odgm", ""), ("main", "")))
    roles = [c.role for c in select(workload, MATCH, NONE).containers]
    assert roles == ["function", "odgm", "function"]
    platform = Match(ECHO, component("gateway", app="gw"))
    assert {c.role for c in select(workload, platform, NONE).containers} == {"platform"}


def test_proposal_for_a_misspelt_opt_out_on_an_opted_out_workload() -> None:
    """The fault in one place is reported although the other place opts out."""
    workload = deployment(annotations={A_INJECT: "no"}, template_annotations={A_INJECT: "false"})
    found = select(workload, MATCH, NONE)
    assert found.reason_skipped and len(found.results) == 1
