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


def parse(key: str) -> ObjectKey:
    """Of a key that matches one of the templates."""
    _, class_name, partition, _, object_id, *_ = key.split("/")
    return ObjectKey(class_name, partition, object_id)
