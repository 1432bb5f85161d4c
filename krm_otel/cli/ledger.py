"""The ledger of an output folder: which files krm-otel wrote there, so that it never overwrites or deletes another.

It is `.krm-otel.sha256` in the folder, in the format of sha256sum, whose `--check` reads it. A comment before each
group of files names the PATHs that they come from, relative to the folder: two renders may share one folder.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from krm_otel.dataclass import dataclass, field

NAME: Final = ".krm-otel.sha256"
_HEAD: Final = "# Files that krm-otel rendered from "


@dataclass(slots=True)
class Ledger:
    """Path below the folder → where it comes from, and the hash of what was written."""

    entries: dict[str, tuple[str, str]] = field(default_factory=dict)

    @classmethod
    def of(cls, folder: Path) -> Ledger:
        """The ledger of a folder; empty where there is none. Raises OSError."""
        ledger, source = cls(), ""
        if not (file := folder / NAME).is_file():
            return ledger
        for line in file.read_text("utf-8").splitlines():
            if line.startswith(_HEAD):
                source = line.removeprefix(_HEAD)
            else:
                digest, separator, path = line.partition("  ")
                if separator and not line.startswith("#"):
                    ledger.entries[path] = source, digest
        return ledger

    def wrote(self, path: str, data: bytes) -> bool:
        """Whether a file is still what krm-otel wrote."""
        return self.entries.get(path, ("", ""))[1] == _digest(data)

    def listed_from(self, source: str) -> Iterable[str]:
        """The files that come from a source."""
        return [path for path, (origin, _) in self.entries.items() if origin == source]

    def has_source(self, folder: Path) -> bool:
        """Whether anything is left of what the files in its folder come from."""
        # Several PATHs are one text, and a path may have a blank, too.
        sources = {source for source, _ in self.entries.values()}
        return any((folder / path).exists() for source in sources for path in (source, *source.split(" ")))

    def record(self, path: str, source: str, data: bytes) -> None:
        """Notes that a file was written."""
        self.entries[path] = source, _digest(data)

    def forget(self, path: str) -> None:
        """Notes that a file is not krm-otel's any more."""
        self.entries.pop(path, None)

    def text(self) -> str:
        """The ledger as its file has it; empty without entries."""
        groups: dict[str, list[str]] = {}
        for path, (source, digest) in sorted(self.entries.items()):
            groups.setdefault(source, []).append(f"{digest}  {path}\n")
        return "".join(f"{_HEAD}{source}\n{''.join(lines)}" for source, lines in sorted(groups.items()))


def source_name(paths: Iterable[Path], folder: Path) -> str:
    """What the files of a render come from: its PATHs, as seen from the output folder."""
    start = os.path.realpath(folder)
    return " ".join(sorted(os.path.relpath(os.path.realpath(path), start) for path in paths))


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
