"""A folder that output goes to: what is written where, and which files there are somebody else's."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Final, Literal

import click

from krm_otel.cli.inputs.files import Inputs
from krm_otel.cli.ledger import NAME, Ledger
from krm_otel.dataclass import dataclass
from krm_otel.krm.reader import read_envelope
from krm_otel.run import Outcome, Source
from krm_otel.workloads.kinds import is_generated
from krm_otel.yamltext.nodes import SourceError

State = Literal["free", "same", "ours", "edited", "foreign"]
"""What is where a file goes: nothing, or a file of the input, which changes in place (`free`); the same bytes; what
krm-otel wrote, or generates anyway (`ours`); what it wrote, edited since; a file that it neither read nor wrote, and
that would be lost (`foreign`)."""

_UNNAMED: Final = "krm-otel.yaml"
"""File of generated objects where the input has no object to name the file after."""


def folder_contents(inputs: Inputs, outcome: Outcome, folder: Path) -> tuple[dict[Path, bytes | None], frozenset[Path]]:
    """The new content of each file below a folder, None for a file to delete; and which of them are the input's own.

    Raises:
        click.ClickException: the folder is a file, or two files would be written to one path.
    """
    if folder.exists() and not folder.is_dir():
        raise click.ClickException(f"cannot write into {folder}: it is a file, and its name does not end in .yaml")
    pairs: list[tuple[Path, bytes | None]] = []
    in_place: set[Path] = set()
    for file, text in zip(inputs.files, outcome.texts, strict=True):
        target = folder / file.target
        data = file.source.data if text is None else text.encode()
        pairs.append((target, None if is_emptied(file.source, text) else data))
        if target == file.path or (target.exists() and os.path.realpath(target) == os.path.realpath(file.path)):
            in_place.add(target)
    pairs += [(folder / target, text.encode()) for _, target, text in new_files(inputs, outcome)]
    contents = dict(pairs)
    if len(contents) < len(pairs):
        duplicate, _ = Counter(target for target, _ in pairs).most_common(1)[0]
        raise click.UsageError(f"-o {folder}: two files would be written to {duplicate}")
    return contents, frozenset(in_place)


@dataclass(slots=True)
class OutputFolder:
    """An output folder with its ledger. A folder whose own files change in place needs none."""

    folder: Path
    ledger: Ledger
    source: str
    in_place: frozenset[Path]

    def state(self, path: Path, data: bytes | None) -> State:
        """What is at a path where `data` is to be written; None: a file is to be deleted there."""
        if path in self.in_place or not path.is_file():
            return "free"
        old, key = path.read_bytes(), self._key(path)
        if old == data:
            return "same"
        if key in self.ledger.entries:
            return "ours" if self.ledger.wrote(key, old) else "edited"
        return "ours" if _only_generated(old) else "foreign"

    def stale(self, contents: Mapping[Path, bytes | None]) -> list[Path]:
        """The files of an earlier render of the same PATHs that are not rendered any more."""
        paths = [self.folder / key for key in self.ledger.listed_from(self.source)]
        return [path for path in paths if path not in contents and path.is_file()]

    def renewed(self, contents: dict[Path, bytes | None]) -> tuple[Path, bytes | None] | None:
        """The ledger's file and its new content, once the contents are written; None where it has no ledger."""
        if self.in_place:
            return None
        for path, data in contents.items():
            if data is None:
                self.ledger.forget(self._key(path))
            else:
                self.ledger.record(self._key(path), self.source, data)
        self.ledger.entries = {key: e for key, e in self.ledger.entries.items() if (self.folder / key).is_file()}
        text = self.ledger.text()
        return self.folder / NAME, text.encode() if text else None

    def _key(self, path: Path) -> str:
        return path.relative_to(self.folder).as_posix()


def without_source(output: Path, rendered: AbstractSet[Path]) -> list[Path]:
    """The folders in an output folder whose files come from a package that is gone; `rendered` are those of others."""
    folders = sorted(path for path in output.iterdir() if path not in rendered) if output.is_dir() else []
    ledgers = ((folder, Ledger.of(folder)) for folder in folders if folder.is_dir())
    return [folder for folder, ledger in ledgers if ledger.entries and not ledger.has_source(folder)]


def _only_generated(data: bytes) -> bool:
    """Whether a file has nothing but objects that krm-otel generates anyway."""
    try:
        items = read_envelope(data.decode()).items
    except (SourceError, UnicodeDecodeError):
        return False
    resources = [item.resource for item in items]
    return bool(resources) and all(resource is not None and is_generated(resource) for resource in resources)


def is_emptied(source: Source, text: str | None) -> bool:
    """Whether a file is to be deleted, because everything in it was generated."""
    return bool(source.name and text is not None and source.data.strip() and not text.strip())


def new_files(inputs: Inputs, outcome: Outcome) -> Iterator[tuple[Path, Path, str]]:
    """Path, target and text of each new file.

    A new file is next to the file that it was generated for, which its name tells. Without an object in any file, it is
    next to the first one.
    """
    targets = {file.path.parent: file.target for file in inputs.files}
    for name, text in outcome.new_files.items():
        path = Path(name) if name else Path(inputs.sources[0].name).with_name(_UNNAMED)
        yield path, targets[path.parent].with_name(path.name), text
