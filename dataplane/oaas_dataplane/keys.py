"""Keys of objects on Zenoh, as upstream has them."""

from __future__ import annotations

import re
from typing import NamedTuple

OBJECT = "oprc/{class}/{partition}/objects/{object}"
"""Asked for: get. A sample: what is put or deleted."""
SET = OBJECT + "/set"
"""Asked for: set, which answers once it is stored."""
_NAME = re.compile(r"[A-Za-z0-9._:-]{1,160}")


class ObjectKey(NamedTuple):
    class_name: str
    partition: str
    object_id: str

    def valid(self) -> bool:
        """Whether it can stand in a key: Zenoh has wild cards and separators of its own."""
        return self.partition.isdigit() and all(_NAME.fullmatch(part) for part in self)

    def __str__(self) -> str:
        return f"oprc/{self.class_name}/{self.partition}/objects/{self.object_id}"


def parse(key: str) -> ObjectKey | None:
    """Of a key that one of the templates stands for; None of any other, such as one with wild cards."""
    _, *parts = key.split("/")
    if len(parts) not in (4, 5):
        return None
    found = ObjectKey(parts[0], parts[1], parts[3])
    return found if found.valid() else None
