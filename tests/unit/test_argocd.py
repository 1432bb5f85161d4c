"""What Argo CD's plugin protocol says: parameters as the repo-server writes them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from krm_otel.argocd import PARAMETERS, announcement, contains_kind, function_config
from krm_otel.config.sources.flat_form import KEYS


@pytest.mark.parametrize("written", ["", " ", "null", "[]"])
def test_an_application_without_parameters_has_no_config(written: str) -> None:
    """`null` is what Argo CD sends where an Application names the plugin and says no more (a nil list in Go)."""
    assert function_config(written) is None


@pytest.mark.parametrize(
    "written",
    ["{}", "0", '""', "false", "[null]", '["a"]', "nonsense", '[{"string": "1"}]', '[{"name": "a", "map": 1}]'],
)
def test_invalid_parameters_are_refused_with_an_example(written: str) -> None:
    with pytest.raises(ValueError, match=r'write one like \[{"name": "sampling_rate"'):
        function_config(written)


@pytest.mark.parametrize(
    ("parameter", "text"),
    [
        ({"string": "0.05"}, "0.05"),
        ({"string": 'a: "b" # c'}, 'a: "b" # c'),
        ({"array": ["w3c", "b3"]}, "w3c,b3"),
        ({"array": []}, ""),
        ({"map": {"tier": "a,b=c", "team": "core"}}, "tier=a%2Cb%3Dc,team=core"),
        ({"map": {}}, ""),
    ],
)
def test_values_are_written_as_the_flat_form_has_them(parameter: dict[str, Any], text: str) -> None:
    config = function_config(json.dumps([{"name": "key", **parameter}]))
    assert config is not None
    assert (config.kind, config.name) == ("ConfigMap", PARAMETERS)
    assert config.text("data", "key") == text


def test_every_key_of_the_flat_form_is_announced() -> None:
    assert [one["name"] for one in announcement()] == list(KEYS)


def test_a_class_is_seen_in_a_file_that_may_be_a_template() -> None:
    assert contains_kind("ClassRuntime", b'{{ if .x }}\nkind: "ClassRuntime"\n')
    assert not contains_kind("ClassRuntime", b"# kind: ClassRuntime\nkind: ClassRuntimes\n")


def test_a_class_is_recognized_in_json_and_its_definition_is_not_one() -> None:
    assert contains_kind("ClassRuntime", b'{"apiVersion": "oaas.io/v1alpha1",\n  "kind" : "ClassRuntime"}')
    definition = b'{"apiVersion": "apiextensions.k8s.io/v1", "spec": {"names": {"kind": "ClassRuntime"}}}'
    assert not contains_kind("ClassRuntime", definition)
