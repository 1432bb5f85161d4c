"""Which containers of a workload are instrumented, and as what."""

from __future__ import annotations

from krm_otel.config.settings import Configuration
from krm_otel.names import A_CONTAINERS, A_PROTOCOL
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


def test_chosen_containers() -> None:
    """Exactly these, also where they look like a proxy; spaces and empty entries do not count."""
    workload = deployment(annotations={A_CONTAINERS: " istio-proxy ,,main"}, containers=(*PAIR, ("other", "")))
    found = select(workload, MATCH, NONE)
    assert chosen(found) == ["main", "istio-proxy"]
    assert found.skipped == (("other", "not in oaas.io/otel-containers"),)


def test_a_chosen_container_that_does_not_exist_is_a_warning() -> None:
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
    """Choice and protocol: the template is nearer to the containers."""
    workload = deployment(
        annotations={A_CONTAINERS: "main", A_PROTOCOL: "grpc"},
        template_annotations={A_CONTAINERS: "other", A_PROTOCOL: "HTTP"},
        containers=(("main", ""), ("other", "")),
    )
    found = select(workload, MATCH, NONE)
    assert chosen(found) == ["other"]
    assert found.protocol == "http"


def test_roles() -> None:
    """A container `odgm` is the ODGM, all of a platform component is platform, the rest are functions."""
    workload = deployment(containers=(("function", ""), ("odgm", ""), ("main", "")))
    roles = [c.role for c in select(workload, MATCH, NONE).containers]
    assert roles == ["function", "odgm", "function"]
    platform = Match(ECHO, component("gateway", app="gw"))
    assert {c.role for c in select(workload, platform, NONE).containers} == {"platform"}
