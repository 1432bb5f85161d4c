"""Names and labels stay legal and unique, whatever a class is called."""

from __future__ import annotations

import re

import pytest

from krm_otel.collector import naming

ODD = [
    "a",
    "9lives",
    "1.2.3",
    "my.shop.example",
    "x" * 48,
    "x" * 49,
    "x" * 52,
    "x" * 63,
    "x" * 253,
    "ends-with-dash-" + "y" * 40,
    "Upper_Case",
    "İstanbul",
    "---",
    "é" * 70,
]


def test_a_short_name_is_taken_as_it_is() -> None:
    """`hello-class` → the names of the proposal."""
    assert naming.config_name("hello-class") == "hello-class-otel-config"
    assert naming.collector_name("hello-class") == "hello-class-otel-collector"
    assert naming.label_value("hello-class") == "hello-class"


@pytest.mark.parametrize("name", ODD, ids=lambda name: name[:20])
def test_every_name_is_a_dns_1035_label_and_every_label_a_value(name: str) -> None:
    for made in (naming.config_name(name), naming.collector_name(name)):
        assert re.fullmatch(r"[a-z]([-a-z0-9]*[a-z0-9])?", made)
        assert "--" not in made
        assert len(made) <= 63
    for value in naming.object_labels(name, naming.collector_name(name), "Deployment").values():
        assert len(value) <= 63
        assert re.fullmatch(r"[A-Za-z0-9]([-._A-Za-z0-9]*[A-Za-z0-9])?", value)


def test_no_two_classes_share_a_name() -> None:
    """Also where they only differ in what is cut off or replaced."""
    alike = [*ODD, "x" * 254, "1-2-3", "1.2-3", "my-shop-example", "upper_case", "upper-case"]
    for made in (naming.config_name, naming.collector_name, naming.label_value):
        assert len({made(name) for name in alike}) == len(alike)


def test_only_long_names_get_a_hash() -> None:
    """51 characters fit into the ConfigMap's name, and 48 into the others."""
    assert naming.config_name("x" * 51) == "x" * 51 + "-otel-config"
    assert naming.collector_name("x" * 48) == "x" * 48 + "-otel-collector"
    assert naming.collector_name("x" * 49) != "x" * 49 + "-otel-collector"


def test_the_selector_is_part_of_the_labels() -> None:
    assert naming.pod_selector("echo-otel").items() <= naming.object_labels("echo", "echo-otel", "Pod").items()
    assert naming.client_labels("echo") == {"otel.oaas.io/class": "echo"}
