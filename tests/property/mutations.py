"""Damage to a text, as editors, templates, merges and attackers do it."""

from __future__ import annotations

from tests.property.manifests import Pick

TOKENS = (
    b"&a ", b"*a", b"<<: *a\n", b"!!str ", b"!", b"[", b"]", b"{", b"}", b",", b"- ", b"? ", b": ", b":", b"|",
    b">", b"#", b" #", b"\t", b"---\n", b"--- ", b"...\n", b"%YAML 1.1\n", b"%TAG !e! tag:e,2000:\n",
    b"\xef\xbb\xbf", b"\x00", b"\xff", b"\xc2\x85", b"\xe2\x80\xa8", b"\r", b"\r\n", b"\n", b"\n\n", b" ", b"  ",
    b"'", b'"', b"\\", b"\\ud83d", b"\\ud83d\\ude00", b"\xed\xa0\x80", b"~", b"null",
    b"oaas.io/otel-injected: '{}'\n", b"env: []\n", b"env:\n", b"env: null\n", b"env: {}\n", b"name: x\n",
    b"kind: List\n", b"items:\n", b"results:\n", b"items: []\n", b"kind: ResourceList\n", b"{{ .Values.x }}",
    b"<<<<<<< HEAD\n", b"\xf0\x9f\x8e\x89", b"a" * 2000, b"[" * 50, b"apiVersion: v1\n", b"annotations: {}\n",
    b"metadata:\n", b"containers: []\n", b"value: |\n", b"valueFrom: {}\n",
)  # fmt: skip


def damaged(data: bytes, pick: Pick) -> bytes:
    """The data after one or two changes."""
    for _ in range(1 + pick(2)):
        data = _ONE[pick(len(_ONE))](data, pick)
    return data


def _insert(data: bytes, pick: Pick) -> bytes:
    at = pick(len(data) + 1)
    return data[:at] + TOKENS[pick(len(TOKENS))] + data[at:]


def _insert_at_line(data: bytes, pick: Pick) -> bytes:
    lines = data.splitlines(keepends=True)
    at = pick(len(lines) + 1)
    near = lines[min(at, len(lines) - 1)] if lines else b""
    indent = near[: len(near) - len(near.lstrip(b" "))]
    return b"".join([*lines[:at], indent + TOKENS[pick(len(TOKENS))], *lines[at:]])


def _cut(data: bytes, pick: Pick) -> bytes:
    at = pick(len(data) + 1)
    return data[:at] + data[at + pick(40) :]


def _truncate(data: bytes, pick: Pick) -> bytes:
    return data[: pick(len(data) + 1)]


def _byte(data: bytes, pick: Pick) -> bytes:
    at = pick(len(data) + 1)
    return data[:at] + bytes([pick(256)]) + data[at + 1 :]


def _drop_line(data: bytes, pick: Pick) -> bytes:
    lines = data.splitlines(keepends=True)
    at = pick(len(lines) + 1)
    return b"".join(lines[:at] + lines[at + 1 :])


def _repeat_lines(data: bytes, pick: Pick) -> bytes:
    lines = data.splitlines(keepends=True)
    at, count, to = pick(len(lines) + 1), pick(5), pick(len(lines) + 1)
    return b"".join(lines[:to] + lines[at : at + count] + lines[to:])


def _indent_line(data: bytes, pick: Pick) -> bytes:
    lines = data.splitlines(keepends=True) or [b""]
    at = pick(len(lines))
    lines[at] = b" " * pick(4) + lines[at] if pick(2) else lines[at][pick(4) :]
    return b"".join(lines)


_ONE = (_insert, _insert_at_line, _cut, _truncate, _byte, _drop_line, _repeat_lines, _indent_line, _insert_at_line)
