"""The object store on its own: queries that no gateway would send."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import pytest
from oaas_dataplane.keys import OBJECT, SET, ObjectKey
from oaas_dataplane.services.odgm import attach
from oaas_dataplane.services.store import Store
from oaas_dataplane.zenoh import Bus, Failure, Unanswered
from tests.processes import until


def test_wild_cards(buses: tuple[Bus, Bus], tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Zenoh's own are no names of objects: they are refused in words, and nothing is stored."""
    here, there = buses
    store = Store(str(tmp_path / "objects.sqlite3"))
    attach(store, there, ("wild",))

    def sets() -> bool | None:
        try:
            asyncio.run(here.ask("oprc/wild/0/objects/a/set", b"1", template=SET, operation="set", timeout=5))
        except Unanswered:
            return None
        return True

    until(sets, lambda: "nobody answers")
    for key, template, operation in (
        ("oprc/wild/0/objects/*", OBJECT, "get"),
        ("oprc/wild/**", OBJECT, "get"),
        ("oprc/wild/*/objects/b/set", SET, "set"),
        ("oprc/wild/0/objects/b c/set", SET, "set"),
    ):
        with caplog.at_level(logging.WARNING), pytest.raises(Failure, match=r"^the key is not that of one object$"):
            asyncio.run(here.ask(key, b"2", template=template, operation=operation, timeout=5))
    assert caplog.records == []
    assert store.get(ObjectKey("wild", "0", "a")) == b"1"
    assert store.get(ObjectKey("wild", "*", "b")) is None
    there.close()
    store.close()
