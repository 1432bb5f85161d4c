"""JSON as `json` writes it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from krm_otel.krm.json_text import json_text

VALUES: list[Any] = [
    *(
        "",
        "a",
        'é"\\\n',
        "\ud800",
        None,
        True,
        False,
        0,
        -1,
        10**30,
        1.5,
        float("inf"),
        [],
        {},
        (),
        [1, ["a"], (None,)],
    ),
    *({"b": 1, "a": {"d": [], "c": True}, "é": "x"}, {1: "a", 2: "b"}, [{"z": 1.5}, {3: [1]}]),
]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_it_is_the_same_text(value: Any) -> None:
    assert json_text(value) == json.dumps(value, sort_keys=True)
    assert json_text(value, ",", ":") == json.dumps(value, sort_keys=True, separators=(",", ":"))


def test_other_values_are_made_plain() -> None:
    assert json_text([{2, 1}, {"a": {3}}], default=sorted) == '[[1, 2], {"a": [3]}]'
    with pytest.raises(TypeError):
        json_text([{1}])
