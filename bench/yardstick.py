"""A fixed amount of work, of the kind that krm-otel does: what instruction counts are divided by.

It imports modules of the standard library, reads YAML with libyaml, and works on strings, dicts and objects. It shares
no code with krm-otel and never changes: a change of it makes every committed ratio wrong.
"""

from __future__ import annotations

import argparse  # noqa: F401 - imports are a part of the work
import dataclasses
import json  # noqa: F401
import re
import typing  # noqa: F401

import yaml

ROUNDS = 60
ITEM = """\
- apiVersion: apps/v1
  kind: Deployment
  metadata:
    name: app-{n}
    labels: {{app: app-{n}, tier: web}} # of the team
  spec:
    template:
      spec:
        containers:
        - name: web
          image: registry.example.com/team/web:1.{n}
          env:
          - name: GREETING
            value: "hello"
"""
WORD = re.compile(r"[a-z]+-(\d+)")


@dataclasses.dataclass(frozen=True)
class Leaf:
    """A scalar and its place."""

    path: tuple[str, ...]
    text: str
    line: int


def leaves(node: yaml.Node, path: tuple[str, ...] = ()) -> list[Leaf]:
    """All scalars below a node."""
    if isinstance(node, yaml.ScalarNode):
        return [Leaf(path, node.value, node.start_mark.line)]
    if isinstance(node, yaml.MappingNode):
        return [leaf for key, value in node.value for leaf in leaves(value, (*path, key.value))]
    return [leaf for n, value in enumerate(node.value) for leaf in leaves(value, (*path, str(n)))]


def main() -> None:
    """Does the work."""
    seen: dict[tuple[str, ...], list[str]] = {}
    for number in range(ROUNDS):
        text = "".join(ITEM.format(n=number * 10 + n) for n in range(10))
        root = yaml.compose(text, Loader=yaml.CSafeLoader)
        assert root is not None
        for leaf in leaves(root):
            name = WORD.sub(lambda found: found[1].zfill(5), leaf.text)
            seen.setdefault(leaf.path, []).append(f"{leaf.line}: {name!r}")
        list(yaml.parse(text, Loader=yaml.CSafeLoader))
    lines = sorted("\n".join(values) for values in seen.values())
    assert len(lines) == 90, len(lines)


if __name__ == "__main__":
    main()
