"""Records that anybody may have written: whatever they claim, nothing of the user's is lost, and nothing is pasted."""

from __future__ import annotations

import json
from typing import Any, Final

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from krm_otel.inject.patch.record import digest, load
from krm_otel.run import Source, run
from tests.property.check import SETTINGS

_RECORD: Final = "oaas.io/otel-injected"
_CLASS: Final = {"apiVersion": "oaas.io/v1alpha1", "kind": "ClassRuntime", "metadata": {"name": "echo"}, "spec": {}}
_USERS: Final = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: echo
  labels: {team: a} # theirs
  annotations:
    oaas.io/class-runtime: echo
    note: mine
spec:
  template:
    metadata:
      labels: {app: echo, tier: restricted}
      annotations: {}
    spec:
      containers:
      - name: main
        image: acme/echo:1
        env:
        - name: DATABASE
          value: orders # theirs
        - {name: KEY, valueFrom: {secretKeyRef: {name: s, key: k}}}
        command: [run]
        volumeMounts:
        - {name: data, mountPath: /data}
      - name: proxy
        image: acme/proxy:1
        env: []
      tolerations: [{key: a}]
      volumes:
      - {name: data, emptyDir: {}}
      - name: cache
        emptyDir: {}
"""
_DATA: Final[dict[str, Any]] = yaml.safe_load(_USERS)


def _values(data: Any) -> list[Any]:
    """Everything in the user's object."""
    inner = data.values() if isinstance(data, dict) else data if isinstance(data, list) else ()
    return [data, *(value for one in inner for value in _values(one))]


_FIELDS: Final = sorted({key for value in _values(_DATA) if isinstance(value, dict) for key in value})
_PLAIN: Final = "orders"
"""The text of a variable. An SDK profile may name any variable, so a record that knows the text may be true."""
HASH = st.sampled_from(sorted({digest(value) for value in _values(_DATA) if value != _PLAIN} | {"00000000"}))
TEXT = st.sampled_from(
    ("", "x", '"x"', "[]", "[evil]", "{a: b}", "&a x", "*a", "!!str x", "x # note", "|\n  x\n", "x\nb: c", "'", "x,")
)
OPENED = st.one_of(st.just("new"), TEXT, TEXT.map("={}".format), TEXT.map("= {}".format))
NAME = st.sampled_from(("main", "proxy", "user-container", "gone", "DATABASE", "KEY", "OTEL_RESOURCE_ATTRIBUTES"))
KEY = st.sampled_from((*_FIELDS, "initContainers", "imagePullSecrets", "ports", "template", "template.labels"))
HASHES = st.dictionaries(st.one_of(NAME, KEY), HASH, max_size=3)
LISTS = st.dictionaries(KEY, st.lists(HASH, max_size=4), max_size=4)
ADOPTED = st.fixed_dictionaries({"text": TEXT, "hash": HASH})
CONTAINER = st.fixed_dictionaries(
    {"env": HASHES},
    optional={
        "merge": st.fixed_dictionaries({"text": TEXT, "keys": HASHES, "hash": HASH}),
        "lists": LISTS,
        "opened": st.dictionaries(st.one_of(st.just("name"), KEY), OPENED, max_size=3),
        "adopted": st.dictionaries(NAME, ADOPTED, max_size=2),
        "own": st.lists(NAME, max_size=2),
    },
)
RECORD = st.fixed_dictionaries(
    {"v": st.just(1), "class": st.sampled_from(("echo", "gone")), "containers": st.dictionaries(NAME, CONTAINER)},
    optional={
        "lists": LISTS,
        "template": st.dictionaries(st.sampled_from(("labels", "annotations", "name")), HASHES, max_size=2),
        "opened": st.dictionaries(KEY, OPENED, max_size=4),
        "enabledBy": st.sampled_from(("", "OTelConfig", "x")),
        "status": st.fixed_dictionaries({"conditions": st.lists(HASH, max_size=2)}),
    },
)
METADATA = (
    "\n      labels: {app: echo, tier: restricted}\n      annotations: {}",
    *(" {}", "\n      labels:", " ~", " {labels: {}}"),
)


@settings(SETTINGS, max_examples=1500)
@given(RECORD, st.sampled_from(METADATA))
def test_nothing_of_the_users_is_lost(record: dict[str, Any], metadata: str) -> None:
    """In an object in which krm-otel wrote nothing, only the record itself may go."""
    text = json.dumps(record)
    assert load(text) is not None
    start, end = _USERS.index("    metadata:\n      labels"), _USERS.index("    spec:\n      containers")
    users = f"{_USERS[:start]}    metadata:{metadata}\n{_USERS[end:]}"
    quoted = text.replace("'", "''")
    forged = users.replace("    note: mine\n", f"    note: mine\n    {_RECORD}: '{quoted}'\n")
    outcome = run([Source(f"{json.dumps(_CLASS)}\n---\n{forged}".encode())], {}, remove=True)
    (output,) = outcome.texts
    assert output is not None
    written = output.partition("\n---\n")[2]
    assert written in ((forged,) if outcome.exit_code else (users,))
