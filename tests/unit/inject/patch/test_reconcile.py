"""What an injection adds to an object can be removed again, and only that."""

from __future__ import annotations

from textwrap import dedent
from typing import Any

import pytest

from krm_otel.inject.patch.additions import ContainerEdit, ObjectEdit
from krm_otel.inject.patch.insert import insert
from krm_otel.inject.patch.ownership import InjectedObject
from krm_otel.inject.patch.reconcile import reconcile
from krm_otel.inject.patch.record import Record, load
from krm_otel.inject.patch.strip import strip
from krm_otel.yamltext.editable import CannotEdit
from krm_otel.yamltext.nodes import Mapping
from krm_otel.yamltext.parse import compose
from krm_otel.yamltext.query import decode, lookup, text_of

POD = ("spec",)
MOUNT = {"name": "tls", "mountPath": "/tls", "readOnly": True}
VOLUME = {"name": "tls", "secret": {"secretName": "s"}}


def root_of(text: str) -> Mapping:
    """The object in a text."""
    root = compose(text)
    assert isinstance(root, Mapping)
    return root


def edit(merge: tuple[int, dict[str, str]] | None = None, mounts: bool = False) -> ObjectEdit:
    """Two variables, one of them from the downward API, for the first container."""
    env = (("HELPER", {"fieldRef": {"fieldPath": "metadata.name"}}), ("OTEL_SERVICE_NAME", "echo"))
    part = ContainerEdit("main", ("containers", 0), env, merge, {"volumeMounts": (MOUNT,)} if mounts else {})
    return ObjectEdit("echo", (part,), {"volumes": (VOLUME,)} if mounts else {})


def put_in(text: str, what: ObjectEdit) -> tuple[str, Record]:
    """The new text, and its record as the annotation has it."""
    new = insert(text, root_of(text), POD, what).text
    record = load(text_of(lookup(root_of(new), "metadata", "annotations", "oaas.io/otel-injected")) or "")
    assert record is not None
    return new, record


def take_out(text: str, record: Record, names: list[str] | None = None) -> str:
    places = {("containers", i): name for i, name in enumerate(names or ["main"])}
    return strip(InjectedObject(text, root_of(text), record, POD, places))


def pod(containers: str, metadata: str = "{name: p}") -> str:
    return f"metadata: {metadata}\nspec:\n  containers:\n{containers}"


OBJECTS = {
    "no env": pod("  - name: main\n"),
    "no last line break": pod("  - name: main"),
    "own env": pod("  - name: main\n    env:\n    - name: A\n      value: '1' # one\n    image: i\n"),
    "empty env": pod("  - name: main\n    env: [] # none\n    image: i\n"),
    "null env": pod("  - name: main\n    env: ~\n"),
    "comment for env": pod("  - name: main\n    env:\n    # - A\n    image: i\n"),
    "wide": pod("    - name: main\n      env:\n          - name: A\n"),
    "flow": "{metadata: {name: p}, spec: {containers: [{name: main, env: [ ]}]}}\n",
    "flow in block": pod("  - {name: main, env: [{name: A}]}\n"),
    "json": '{\n  "metadata": {\n    "name": "p"\n  },\n  "spec": {\n    "containers": [{"name": "main"}]\n  }\n}',
    "crlf": pod("  - name: main\n").replace("\n", "\r\n"),
    "annotations": pod("  - name: main\n", "\n  annotations: # some\n    a: b\n  name: p"),
    "empty annotations": pod("  - name: main\n", "\n  annotations: {}\n  name: p"),
    "kept line breaks": pod("  - name: main\n    args:\n    - |+\n      a\n\n\n"),
    "own mounts": pod(
        "  - name: main\n    volumeMounts:\n    - name: a\n      mountPath: /a\n  volumes:\n  - name: a\n"
    ),
    "empty mounts": pod("  - name: main\n    volumeMounts: []\n  volumes: []\n"),
    "anchors": pod("  - name: main\n    env: &e\n    - &a\n      name: A\n"),
}


@pytest.mark.parametrize("text", OBJECTS.values(), ids=OBJECTS)
def test_round_trip(text: str) -> None:
    """In and out gives every byte back; the decoded result has the new entries last, and nothing else new."""
    new, record = put_in(text, edit(mounts=True))
    assert take_out(new, record) == text
    before, after = decode(root_of(text)), decode(root_of(new))
    main = after["spec"]["containers"][0]
    assert [entry["name"] for entry in main["env"][-2:]] == ["HELPER", "OTEL_SERVICE_NAME"]
    assert main["env"][:-2] == (before["spec"]["containers"][0].get("env") or [])
    assert record.class_name == "echo"
    assert main["volumeMounts"][-1] == MOUNT
    assert after["spec"]["volumes"][-1] == VOLUME


SIDECAR = {"name": "collector", "restartPolicy": "Always"}
INIT_CONTAINERS = {
    "block": "\n  - name: fetch # first\n  # the tables\n  - name: migrate\n    env: # own\n    - name: A",
    "block indented": "\n    # above\n    - name: fetch\n\n    - name: migrate\n      image: i # last",
    "flow": " [{name: fetch}, {name: migrate, env: []}] # both",
    "flow over lines": " [\n    {name: fetch},  {name: migrate}\n  ]",
    "json": ' [{"name": "fetch"},\n    {"name": "migrate"}]',
}


@pytest.mark.parametrize("first", ["fetch", "migrate"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("written", INIT_CONTAINERS.values(), ids=INIT_CONTAINERS)
def test_a_sidecar_before_an_init_container(written: str, newline: str, first: str) -> None:
    """It comes before the first chosen one, an update keeps its place, and what it adds comes out to the byte."""
    text = f"metadata: {{name: p}}\nspec:\n  initContainers:{written}\n  containers:\n  - name: main\n"
    text = text.replace("\n", newline)
    chosen = {"fetch": 0, "migrate": 1}
    places = [(name, ("initContainers", i)) for name, i in chosen.items() if i >= chosen[first]]

    def edit_with(value: str) -> ObjectEdit:
        env: tuple[tuple[str, str | dict[str, Any]], ...] = (("OTEL_SERVICE_NAME", value),)
        parts = tuple(ContainerEdit(name, place, env) for name, place in places)
        lists = {"initContainers": (SIDECAR,)}
        return ObjectEdit("echo", parts, lists, before={"initContainers": chosen[first]})

    new, record = put_in(text, edit_with("one"))
    found = decode(root_of(new))["spec"]["initContainers"]
    names = [container["name"] for container in found]
    assert names == [*([] if first == "fetch" else ["fetch"]), "collector", *(name for name, _ in places)]
    assert ["env" in container for container in found] == [name in dict(places) for name in names]
    present = {("initContainers", i): name for i, name in enumerate(names)} | {("containers", 0): "main"}
    injected = InjectedObject(new, root_of(new), record, POD, present)
    assert strip(injected) == text
    updated, _ = reconcile((text, root_of(text)), POD, edit_with("two"), injected)
    assert updated == put_in(text, edit_with("two"))[0]
    assert reconcile((text, root_of(text)), POD, edit_with("one"), injected)[0] == new


def test_a_sidecar_that_somebody_moved_comes_back() -> None:
    """Behind the init container that sends it would be too late."""
    text = "metadata: {name: p}\nspec:\n  initContainers:\n  - name: migrate\n  containers:\n  - name: main\n"
    part = ContainerEdit("migrate", ("initContainers", 0), (("A", "1"),))
    wanted = ObjectEdit("echo", (part,), {"initContainers": (SIDECAR,)}, before={"initContainers": 0})
    new, record = put_in(text, wanted)
    sidecar = "  - name: collector\n    restartPolicy: Always\n"
    assert sidecar in new
    moved = new.replace(sidecar, "").replace("  containers:", f"{sidecar}  containers:")
    present = {("initContainers", 0): "migrate", ("initContainers", 1): "collector", ("containers", 0): "main"}
    injected = InjectedObject(moved, root_of(moved), record, POD, present)
    assert reconcile((text, root_of(text)), POD, wanted, injected)[0] == new


ATTRIBUTES = {
    "plain": "team=core",
    "single quotes": "'team=core'",
    "folded": ">-\n        team=core\n    image: i",
    "two lines": '"team=\n        core"',
    "flow": "team=core}",
}


@pytest.mark.parametrize("value", ATTRIBUTES.values(), ids=ATTRIBUTES)
def test_a_merged_value_comes_back_verbatim(value: str) -> None:
    """In the spelling in which the user wrote it."""
    entry = "{name: OTEL_RESOURCE_ATTRIBUTES, value: " if value.endswith("}") else None
    entry = entry or "name: OTEL_RESOURCE_ATTRIBUTES\n      value: "
    text = pod(f"  - name: main\n    env:\n    - {entry}{value}\n")
    new, record = put_in(text, edit((0, {"oaas.class": "echo"})))
    merged = text_of(lookup(root_of(new), "spec", "containers", 0, "env", 0, "value")) or ""
    assert merged.endswith("core,oaas.class=echo")
    assert take_out(new, record) == text


@pytest.mark.parametrize(
    ("was", "edited", "left"),
    [
        ("team=core,oaas.class=echo", "team=core,oaas.class=echo,room=4", '"team=core,room=4"'),
        ("team=core,oaas.class=echo", "team=core,oaas.class=mine", '"team=core,oaas.class=mine"'),
        ("team=core,oaas.class=echo", "oaas.class=echo", '""'),
    ],
)
def test_an_edited_merged_value_loses_only_injected_keys(was: str, edited: str, left: str) -> None:
    """A key whose value was edited is the user's."""
    text = pod("  - name: main\n    env:\n    - name: OTEL_RESOURCE_ATTRIBUTES\n      value: team=core\n")
    new, record = put_in(text, edit((0, {"oaas.class": "echo"})))
    assert take_out(new.replace(f'"{was}"', f'"{edited}"'), record) == text.replace("team=core", left)


def test_an_edited_value_stays() -> None:
    """It stays, and so does the list that krm-otel added."""
    text = pod("  - name: main\n")
    new, record = put_in(text, edit())
    left = take_out(new.replace('"echo"', "mine"), record)
    assert decode(root_of(left))["spec"]["containers"][0]["env"] == [{"name": "OTEL_SERVICE_NAME", "value": "mine"}]


def test_another_spelling_is_still_an_injected_entry() -> None:
    """Quotes, order of keys and order of entries do not matter."""
    text = pod("  - name: main\n")
    new, record = put_in(text, edit())
    helper = dedent("""\
        - name: HELPER
          valueFrom: {fieldRef: {fieldPath: metadata.name}}
        """)
    helper = "".join(f"    {line}\n" for line in helper.splitlines())
    assert helper in new
    rewritten = new.replace(helper, "").replace('value: "echo"\n', "value: 'echo'\n" + helper)
    assert take_out(rewritten, record) == text


def test_a_renamed_container_is_recognized_by_its_entries() -> None:
    """The record speaks of `main`; the entries are found in `other`."""
    text = pod("  - name: main\n  - name: second\n")
    new, record = put_in(text, edit())
    renamed = new.replace("name: main", "name: other")
    assert take_out(renamed, record, ["other", "second"]) == text.replace("name: main", "name: other")


def test_a_removed_container_is_not_an_error() -> None:
    """What is left of the injection still goes."""
    new, record = put_in(pod("  - name: main\n"), edit(mounts=True))
    other = new[: new.index("  - name: main")] + "  - name: other\n" + new[new.index("  volumes:") :]
    assert take_out(other, record, ["other"]) == pod("  - name: other\n")


@pytest.mark.parametrize(
    "text",
    [
        pod("  - name: main\n    env: &e []\n  - name: second\n    env: *e\n"),
        pod("  - name: main\n    env: []\n    env: []\n"),
        pod("  - name: main\n    env: {A: '1'}\n"),
        pod("  - name: main\n    env: text\n"),
        pod("  - main\n"),
        pod("  - name: main\n", "[]"),
        pod("  - name: main\n", "{annotations: [], name: p}"),
    ],
)
def test_objects_that_cannot_be_edited_safely_are_refused(text: str) -> None:
    """With a reason, before anything is written."""
    with pytest.raises(CannotEdit) as refused:
        insert(text, root_of(text), POD, edit())
    assert refused.value.reason
