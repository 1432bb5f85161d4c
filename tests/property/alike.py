"""Texts that are alike: one is made, and others differ from it in what is at the ends of lines."""

from __future__ import annotations

from random import Random
from typing import Final

from krm_otel.yamltext.shapes.lines import Shape

_PLAIN: Final = ["a", "x y z", "1", "true", "null", "~", "http://x:1/", "a/b:1", "a#b", "a-b", "%x", "$(X)", "é"]
_DOUBLE: Final = ["q", "a b", "", "# x", "a: b", "it's", r"a\"b", "- x", "[ {"]
_SINGLE: Final = ["s", "it x", "", "# x", "a: b", 'say "x"', "it''s", "[ {"]
_CONTENT: Final = ["text", "a: b", "- x", "# y", '"q"', "x  y", "[", "key: |"]
_COMMENTS: Final = ["", "", "", " # c", " #d", ' # "q"', " # a: b"]
_HEADERS: Final = ["|", ">", "|-", ">-", "|+", ">+", "|2", ">1-"]
_ENDS: Final = ["a", '"q"', "'p: q'", "# new", "#", "a:b", '"', "'", ", y", "|", ": ", '"a\\n"', "\t", "\x85"]

_BETWEEN: Final = ["# c", "", "---", "--x", "-", "- x", "-x", "  more: x", '  "', "x: '", "...", "  ? a", "\t", "'"]
"""Lines between the items of a list."""


class Author:
    """Writes texts; `random` makes every choice."""

    def __init__(self, random: Random):
        self._random = random

    def text(self) -> str:
        """A text in block style, with some flow style, scalars over several lines and comments in it."""
        lines = self._collection(self._random.choice([0, 2]), 0)
        text = "\n".join(lines) + self._random.choice(["\n", "\n", "\n", ""])
        return text.replace("\n", "\r\n") if self._random.random() < 0.1 else text

    def resource_list(self) -> str:
        """A ResourceList of such texts, with some lines between them that may not belong there."""
        lines = ["apiVersion: config.kubernetes.io/v1", "kind: ResourceList", "items:"]
        for _ in range(self._random.randint(1, 4)):
            text = "\n".join(self._collection(0, 1))
            if self._random.random() < 0.5:
                text = f"apiVersion: v1\nkind: Pod\n{text}"
            indent = "\n  " if self._random.random() < 0.95 else "\n "
            lines.append(self._random.choice(["- ", "- ", "- ", "- ", "-   ", "-"]) + text.replace("\n", indent))
            if self._random.random() < 0.15:
                lines.append(self._random.choice(_BETWEEN))
        if self._random.random() < 0.3:
            lines.append("functionConfig: {kind: ConfigMap}")
        return "\n".join(lines) + self._random.choice(["\n", "\n", ""])

    def alike(self, text: str) -> str:
        """The text with other values and comments at the ends of some lines; rarely, one gets another shape."""
        shape = Shape(text)
        lines = []
        for line, (fixed, start, end, _) in zip(shape.texts, shape.lines, strict=True):
            new = line
            if start and self._random.random() < 0.6:
                new = line[:start] + self._filling(line[start - 1], is_content=not fixed.strip(" \0")) + line[end:]
            if self._random.random() < 0.03:
                new += self._random.choice(_ENDS)
            lines.append(new)
        return "\n".join(lines)

    def _filling(self, mark: str, *, is_content: bool) -> str:
        if is_content:
            return self._random.choice(_CONTENT)
        by_mark = {'"': _DOUBLE, "'": _SINGLE, "#": [" c", "x", '"', "'", ": {[", " - a", " |"]}
        return self._random.choice(by_mark.get(mark, _PLAIN))

    def _collection(self, indent: int, depth: int) -> list[str]:
        lines: list[str] = []
        is_mapping = self._random.random() < 0.7 or depth > 2
        keys = ["a", "b", '"k"', "name", "value", "c d"] if is_mapping else ["-"] * 3
        for key in self._random.sample(keys, self._random.randint(1, 3)):
            head = " " * indent + (f"{key}:" if is_mapping else "-")
            if self._random.random() < 0.1:
                comment = "# " + self._random.choice(_CONTENT)
                lines.append(" " * self._random.choice([0, indent, indent + 2]) + comment)
            if depth < 3 and self._random.random() < 0.4:
                members = self._collection(indent + 2, depth + 1)
                # The first member of an item is on the line of its dash.
                lines += [head + self._comment(), *members] if is_mapping else [f"{head} {members[0].lstrip()}"]
                lines += members[1:] if not is_mapping else []
            else:
                value = self._value(indent)
                lines.append(head + value + ("" if "\n" in value else self._comment()))
            lines += [""] if self._random.random() < 0.05 else []
        return lines

    def _comment(self) -> str:
        return self._random.choice(_COMMENTS)

    def _value(self, indent: int) -> str:
        choice, more = self._random.choice, "\n" + " " * (indent + 2)
        kind = self._random.randrange(8)
        if kind < 2:
            return " " + choice(_PLAIN)
        if kind == 2:
            return f' "{choice(_DOUBLE)}"'
        if kind == 3:
            return f" '{choice(_SINGLE)}'"
        if kind == 4:
            inner = " " * (indent + choice([1, 2, 2, 4]))
            content = [inner + choice(_CONTENT) for _ in range(self._random.randint(1, 3))]
            content += choice([[], [], [""], [inner + "  more"]])
            return f" {choice(_HEADERS)}{choice(['', '', ' # c'])}\n" + "\n".join(content)
        if kind == 5:
            return " " + choice(
                ["[a, b]", "{a: b}", "{a: x y}", "{a: b:c}", "[]", f'["x",{more}"y"]', f'{{a: "x",{more}b: "y"}}']
            )
        if kind == 6:
            return " " + choice([f'"multi{more}line # x{more}end"', f"multi{more}b:c{more}end", f"'m{more}k: v'"])
        return ""
