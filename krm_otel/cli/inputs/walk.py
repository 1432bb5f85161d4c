"""The files in folders: which of them are read, and why the others are not."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from krm_otel.cli.inputs.ignored import FILE, Ignored
from krm_otel.cli.ledger import NAME, Ledger
from krm_otel.dataclass import dataclass, field
from krm_otel.views.summary import plural

ENDINGS: Final = (".yaml", ".yml", ".json")
_WITHOUT_ENDING: Final = ("Kptfile", "Kustomization")
_OUTPUT: Final = "the output"
EARLIER: Final = "an earlier render wrote them"

Found = tuple[Path, str]
"""A file by the path that it is read by, and where it really is."""


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder by the path that it is read by, where it really is, and what is not read in it."""

    path: Path
    real: str
    ignored: Ignored


@dataclass(slots=True)
class Walk:
    """The way through the folders that the user names.

    Args:
        output: where the output goes, which is not read.
        patterns: what `--exclude` says.
        counts: why files and folders are not read → how many.
    """

    output: Path | None = None
    patterns: Sequence[str] = ()
    counts: Counter[str] = field(default_factory=Counter)
    _real_output: str = ""

    def __post_init__(self) -> None:
        self._real_output = os.path.realpath(self.output) if self.output is not None else ""

    def named(self, path: Path) -> Folder:
        """A folder that the user names."""
        ignored = Ignored()
        return Folder(
            path, os.path.realpath(path), ignored.by(path, self.patterns, "--exclude") if self.patterns else ignored
        )

    def files(self, folder: Folder) -> Iterator[Found]:
        """The YAML and JSON files, Kptfiles and kustomizations of a folder at any depth, without hidden folders.

        A folder that the user names is read, whoever wrote it; one in it says in its ledger what is not the user's.

        Raises:
            OSError: a folder cannot be read.
        """
        yield from self._below(folder, set(), is_named=True)
        self.counts.update(folder.ignored.counts)
        folder.ignored.counts.clear()

    def _below(self, folder: Folder, rendered: set[str], *, is_named: bool = False) -> Iterator[Found]:
        files, folders = self.level(folder, rendered, is_named=is_named)
        yield from files
        for inner in folders:
            yield from self._below(inner, rendered)

    def level(
        self, folder: Folder, rendered: set[str] | None = None, *, is_named: bool = True
    ) -> tuple[list[Found], list[Folder]]:
        """The files and the folders in a folder that are read; raises OSError."""
        rendered = set() if rendered is None else rendered
        place, real = folder.path, folder.real
        with os.scandir(place) as scanned:
            entries = sorted(scanned, key=lambda entry: entry.name)
        names = {entry.name for entry in entries}
        ignored = folder.ignored
        if FILE in names and (place / FILE).is_file():
            ignored = ignored.inside(place)
        if NAME in names and not is_named:
            rendered |= {os.path.realpath(place / path) for path in Ledger.of(place).entries}
        folders: list[Folder] = []
        files: list[Found] = []
        for entry in entries:
            if not entry.name.startswith(".") and _is_folder(entry):
                path, where = place / entry.name, _real(entry, real)
                if not ignored.has(path, is_folder=True) and not self._is_output(where) and not entry.is_symlink():
                    folders.append(Folder(path, where, ignored))
        for entry in entries:
            if (entry.name.endswith(ENDINGS) or entry.name in _WITHOUT_ENDING) and not _is_folder(entry):
                path, where = place / entry.name, _real(entry, real)
                if self._is_output(where):
                    continue
                if where in rendered:
                    self.counts[EARLIER] += 1
                elif not ignored.has(path, is_folder=False):
                    files.append((path, where))
        return files, folders

    def _is_output(self, real: str) -> bool:
        self.counts[_OUTPUT] += real == self._real_output
        return real == self._real_output

    def notes(self) -> tuple[str, ...]:
        """A line for each reason why something is not read."""
        return tuple(f"not read: {plural(count, 'path')} ({why})" for why, count in self.counts.items() if count)


def _real(entry: os.DirEntry[str], folder: str) -> str:
    """Where an entry of a folder really is. Only a link is somewhere else, and to ask for it is slow."""
    return os.path.realpath(entry.path) if entry.is_symlink() else f"{folder.removesuffix(os.sep)}{os.sep}{entry.name}"


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads nowhere; reading it says so
        return False
