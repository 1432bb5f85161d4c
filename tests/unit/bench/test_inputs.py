"""The inputs of measurements are what they claim to be."""

from __future__ import annotations

import pytest
import yaml

from bench import inputs


@pytest.mark.parametrize("items", [1, 2, 30])
def test_a_list_has_as_many_items_as_asked_for(items: int) -> None:
    for ours in (True, False):
        found = yaml.safe_load("".join(inputs.resource_list(items, ours=ours)))["items"]
        assert len(found) == items
        assert (found[0]["kind"] == "ClassRuntime") == ours


def test_nothing_of_ours_has_no_word_of_ours() -> None:
    for text in ("".join(inputs.resource_list(30, ours=False)), inputs.quickstart(ours=False)):
        assert "oaas" not in text
        assert yaml.safe_load(text)["items"]


def test_other_values_change_only_the_class() -> None:
    before = list("".join(inputs.resource_list(30)).splitlines(keepends=True))
    after = list(inputs.other_values(before))
    changed = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    assert dict(changed) == inputs.OTHER_VALUES


def test_files_are_the_items_without_the_annotations_of_a_client() -> None:
    listed = yaml.safe_load("".join(inputs.resource_list(10)))["items"]
    files = dict(inputs.files(10))
    assert len(files) == 10
    for item, text in zip(listed, files.values(), strict=True):
        annotations = item["metadata"]["annotations"]
        kept = {key: value for key, value in annotations.items() if "config.kubernetes.io" not in key}
        item["metadata"].pop("annotations")
        if kept:
            item["metadata"]["annotations"] = kept
        assert yaml.safe_load(text) == item


def test_the_quickstart_is_a_list_of_its_objects() -> None:
    kinds = [item["kind"] for item in yaml.safe_load(inputs.quickstart())["items"]]
    assert kinds == ["ClassRuntime", "Deployment", "Deployment"]
