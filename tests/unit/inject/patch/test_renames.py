"""Entries whose references kustomize renamed after the injection."""

from __future__ import annotations

from typing import Any

import pytest

from krm_otel.inject.patch.renames import before_renaming

VOLUME = {"name": "oaas-otel-collector", "configMap": {"name": "cart-otel-config"}}


def named(name: str, volume: str = "oaas-otel-collector") -> dict[str, Any]:
    return {"name": volume, "configMap": {"name": name}}


def header(name: str) -> dict[str, Any]:
    return {"secretKeyRef": {"name": name, "key": "token"}}


def container(*names: str) -> dict[str, Any]:
    env = [{"name": f"V{number}", "valueFrom": header(name)} for number, name in enumerate(names)]
    return {"name": "otel-collector", "env": env}


@pytest.mark.parametrize("name", ["eu-cart-otel-config", "cart-otel-config-x", "de-eu-cart-otel-config-2748f727mg"])
def test_a_generated_config_map_may_have_anything_around_its_name(name: str) -> None:
    assert VOLUME in list(before_renaming(named(name)))


@pytest.mark.parametrize("entry", [named("cart"), named("eu-cart-otel-config", "settings"), header("a"), "text", 1])
def test_other_names_and_other_volumes_are_not_generated_ones(entry: Any) -> None:
    assert VOLUME not in list(before_renaming(entry))


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("auth-2748f727mg", True),
        ("eu-auth-x-2748f727mg", True),
        ("auth-2", False),
        ("eu-auth", False),
        ("auth-production", False),
    ],
)
def test_a_secret_was_renamed_where_a_hash_shows_it(name: str, known: bool) -> None:
    """Without one, the user means another Secret."""
    assert (header("auth") in list(before_renaming(header(name)))) is known
    assert (container("auth") in list(before_renaming(container(name)))) is known


def test_all_names_of_an_entry_have_the_same_prefix_and_suffix() -> None:
    assert container("a", "tls", "mine") in list(
        before_renaming(container("eu-a-x-2748f727mg", "eu-tls-x-6bt5c24cg4", "mine"))
    )


def test_a_config_map_of_the_users_was_renamed_where_a_hash_shows_it() -> None:
    before = named("ca", "oaas-otel-tls")
    assert before in list(before_renaming(named("eu-ca-2748f727mg", "oaas-otel-tls")))
    assert before not in list(before_renaming(named("eu-ca", "oaas-otel-tls")))


def test_containers_of_the_users_are_not_looked_at() -> None:
    assert list(before_renaming({**container("auth-2748f727mg"), "name": "function"})) == []


def test_a_very_long_name_is_handled_quickly() -> None:
    assert list(before_renaming(named("a" * 100_000))) == []
