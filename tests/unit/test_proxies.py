"""Proxies: which hosts they leave out."""

from __future__ import annotations

import pytest

from krm_otel.proxies import bypasses_proxy, is_in_cluster


@pytest.mark.parametrize(
    ("entry", "host", "covers"),
    [
        ("*", "otel", True),
        ("otel", "otel", True),
        (".svc", "otel.ns.svc", True),
        ("svc", "otel.ns.svc", True),
        ("*.svc", "otel.ns.svc", True),
        (".cluster.local", "otel", False),
        ("ote", "otel", False),
        ("tel", "otel", False),
        ("10.0.0.0/8", "10.1.2.3", True),
        ("10.0.0.0/8", "11.1.2.3", False),
        ("10.1.2.3", "10.1.2.3", True),
        ("fd00::/8", "fd00::1", True),
        ("10.0.0.0/8", "otel", False),
        ("", "otel", False),
        (".", "otel", False),
    ],
)
def test_entries_of_no_proxy(entry: str, host: str, covers: bool) -> None:
    """As most HTTP clients read them: names, domains, addresses and networks."""
    assert bypasses_proxy(host, [entry]) is covers


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("localhost", True), ("127.0.0.1", True), ("::1", True), ("otel", False), ("10.0.0.1", False)],
)
def test_loopback_needs_no_entry_in_no_proxy(host: str, loopback: bool) -> None:
    """Clients leave it out by themselves."""
    assert bypasses_proxy(host, []) is loopback


@pytest.mark.parametrize(
    ("host", "in_cluster"),
    [
        ("otel", True),
        ("otel.shop", True),
        ("otel.shop.svc", True),
        ("otel.shop.svc.cluster.local", True),
        ("api.acme.example", False),
        ("otel.shop.svc.acme.example", False),
    ],
)
def test_names_of_services(host: str, in_cluster: bool) -> None:
    """Short names are the cluster's; a name with two dots is somebody else's, unless it ends like a Service's."""
    assert is_in_cluster(host) is in_cluster
