"""Blocks of configuration as plain data, and both ways to read them: by sound data alone, and by pydantic."""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, get_args, get_origin

import pytest

from krm_otel.config.provenance import Source
from krm_otel.config.reading import loader
from krm_otel.config.reading.judged import judged
from krm_otel.config.reading.sound import UNSURE, M, read
from krm_otel.config.resolve.configuration import resolve
from krm_otel.config.schema.introspection import bare_type, is_model
from krm_otel.config.schema.observability import FlatForm, FlatTelemetry, Observability
from krm_otel.config.schema.otel_config import ConfigSpec
from krm_otel.config.schema.setting import Model
from krm_otel.krm.reader import read_envelope
from krm_otel.yamltext.nodes import SourceError
from krm_otel.yamltext.parse import compose
from krm_otel.yamltext.query import decode
from tests.support.cases import CASES, ROOT, read_environ

MODELS = (Observability, FlatTelemetry, FlatForm, ConfigSpec)
"""The models of whole blocks."""
REPOSITORY = ROOT.parents[1]
SCALARS = (
    *(None, True, False, 0, 1, -1, 7, 10**9, 10**9 + 1, 2**53, 2**53 + 1, -(2**70), 10**400),
    *(0.0, -0.0, 0.1, 0.5, 0.51, 1.0, 1.5, 1e300, float("inf"), float("nan")),
    *("", " ", "a", "A", "a b", "é", "\ud83d", "\ud83d\ude00", "\x00", "\u2028", "*", "true", "null", "1", "0.1", "~"),
    *("10s", "1m30s", "0s", "10", "15ms", "1.5s", "9999999h", "100m", "64Mi", "1GB", "0", "10.0.0.0/16", "10.0.0.1/8"),
    *("http://c:4317", "http://c:4317/", "https://c", "c:4317", "http://u:p@c", "http://$(HOST_IP):4317", "ftp://c"),
    *("w3c", "b3", "jaeger", "none", "grpc", "http", "sidecar", "external", "debug", "{class}", "{class}-{x}", "team"),
    *("Bearer abcdef0123456789abcdef0123456789", "application/json", "kubernetes.io/metadata.name", "/etc/certs"),
    *("app", "oaas.io/owner", "OTEL_BSP_SCHEDULE_DELAY", "OTEL_SERVICE_NAME", "OTEL_PYTHON_X", "NO_PROXY", "v1"),
)
"""Values to try at any place: such as are right somewhere, and such as are next to it."""


class Block(NamedTuple):
    """A block, as `krm_otel.config.reading.sound.read` gets it."""

    model: type[Model]
    data: Any


class Verdict(NamedTuple):
    """What both ways make of a block: the model, or None where it is not sound."""

    by_pydantic: Any
    by_reader: Any


def verdict(block: Block) -> Verdict:
    """The block, read both ways, as plain values with the fields that were written."""
    model, data = block
    loaded = judged(model, data, Source("OTelConfig"), lambda _: None)
    try:
        found = plain(read(model, data))
    except UNSURE:
        found = None
    return Verdict(None if loaded.results else plain(loaded.model), found)


def plain(value: Any) -> Any:
    """A value as something to compare: with the types of numbers, the order of keys, and what was written in models."""
    match value:
        case Model():
            return type(value).__name__, {name: plain(getattr(value, name)) for name in value.written_names}
        case dict():
            return [(key, plain(member)) for key, member in value.items()]
        case tuple() | list():
            return type(value).__name__, [plain(member) for member in value]
    return repr(value)


@cache
def blocks() -> tuple[Block, ...]:
    """Every block of the cases, of the examples, and of the documentation of each field, once."""
    found: dict[str, Block] = {}
    for model in MODELS:
        for data in documented(model):
            found.setdefault(f"{model.__name__} {data!r}", Block(model, data))

    def record(model: type[M], data: Any) -> M:
        found.setdefault(f"{model.__name__} {data!r}", Block(model, data))
        return read(model, data)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loader, "read", record)
        for text, environ in _inputs():
            try:
                envelope = read_envelope(text)
            except SourceError:
                continue
            resources = [item.resource for item in envelope.items]
            resolve(envelope.function_config, [one for one in resources if one is not None], environ)
    return tuple(found.values())


def documented(model: type[Model]) -> Iterator[dict[str, Any]]:
    """A block for each field below a model: with the example of its documentation, and with what must be beside it."""
    needed = {key: _example(field.example) for key, field in model.settings.items() if field.is_required}
    for key, field in model.settings.items():
        annotation = bare_type(field.annotation)
        entry = next((one for one in map(bare_type, reversed(get_args(annotation))) if is_model(one)), None)
        if is_model(annotation):
            yield from ({**needed, key: data} for data in documented(annotation))
        elif entry is None:
            yield {**needed, key: _example(field.example)}
        elif get_origin(annotation) is tuple:
            yield from ({**needed, key: [data]} for data in documented(entry))
        else:
            name = "OTEL_LOG_LEVEL" if key == "env" else "name"
            yield from ({**needed, key: {name: data}} for data in documented(entry))


def _example(text: str) -> Any:
    return decode(compose(text))


def _inputs() -> Iterator[tuple[str, dict[str, str]]]:
    for case in CASES:
        try:
            yield next(case.glob("input.*")).read_bytes().decode(), read_environ(case / "env")
        except UnicodeDecodeError:
            continue
    folders: tuple[Path, ...] = (REPOSITORY / "examples", REPOSITORY / "krm_otel" / "starters")
    for path in sorted(path for folder in folders for path in folder.rglob("*.yaml")):
        yield path.read_text("utf-8"), {}


def mutated(block: Block, rng: random.Random) -> Block:
    """The block with one to three changes somewhere in it."""
    data = block.data
    for _ in range(rng.randint(1, 3)):
        data = _mutated(data, "", rng)
    return Block(block.model, data)


def _mutated(data: Any, name: Any, rng: random.Random) -> Any:
    """Data with one change: most are deep inside. `name` is the key of the data."""
    if isinstance(data, dict) and data and rng.random() < 0.8:
        key = rng.choice(list(data))
        return {**data, key: _mutated(data[key], key, rng)}
    if isinstance(data, list) and data and rng.random() < 0.8:
        index = rng.randrange(len(data))
        return [*data[:index], _mutated(data[index], name, rng), *data[index + 1 :]]
    return _changed(data, name, rng)


def _changed(data: Any, name: Any, rng: random.Random) -> Any:
    """Half of the changes are likely to be sound: values that other blocks have under the same key."""
    values, everything = _values(), _values()[None]
    match rng.randrange(12), data:
        case 0, {**members} if members:
            gone = rng.choice(list(members))
            return {key: value for key, value in members.items() if key != gone}
        case ((1 | 2 | 3), {**members}):
            key = rng.choice(list(values))
            return {**members, key: rng.choice(values[key])}
        case 4, {**members} if members:
            renamed = rng.choice(list(members))
            return {rng.choice(list(values)) if key == renamed else key: value for key, value in members.items()}
        case 5, [*entries]:
            return [*entries, *entries[:1], rng.choice(everything)]
        case 6, _:
            return [data]
        case 7, _:
            return rng.choice(everything)
        case 8, _:
            return rng.choice(SCALARS)
    return rng.choice(values.get(name, everything))


@cache
def _values() -> dict[Any, list[Any]]:
    """The values that blocks have under a key, by key; all of them under None."""
    found: dict[Any, dict[str, Any]] = {None: {repr(value): value for value in SCALARS}, "unknown": {"": 1}, 1: {"": 1}}
    pending: list[tuple[Any, Any]] = [(None, block.data) for block in blocks()]
    while pending:
        name, data = pending.pop()
        found.setdefault(name, {})[repr(data)] = found[None][repr(data)] = data
        if isinstance(data, dict):
            pending += data.items()
        elif isinstance(data, list):
            pending += [(name, entry) for entry in data]
    return {name: list(values.values()) for name, values in found.items()}
