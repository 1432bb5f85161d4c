"""Folders of packages: with `--packages`, each folder in a PATH is an input of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click

from krm_otel.cli.inputs.files import STDIN, Inputs, faults, read_files
from krm_otel.cli.inputs.walk import Folder, Walk
from krm_otel.dataclass import dataclass

_BESIDE: Final = "beside the packages; -c names a function config"
_EMPTY: Final = "no YAML or JSON file in it"


@dataclass(frozen=True, slots=True)
class Package:
    """A folder that is an input by itself. `target` is its path below the output folder."""

    folder: Folder
    target: Path

    @property
    def name(self) -> str:
        """Its path, as people know it."""
        return str(self.folder.path)


@dataclass(frozen=True, slots=True)
class Packages:
    """The packages in the PATHs of a command, in the order of the PATHs and then by name."""

    found: tuple[Package, ...]
    walk: Walk

    @classmethod
    def of(cls, paths: Sequence[str], output: Path | None = None, exclude: Sequence[str] = ()) -> Packages:
        """Finds the packages: each folder in a folder that the user names, but for hidden and ignored ones.

        Args:
            paths: what the user names.
            output: where the output goes, which is not read.
            exclude: patterns, as in a `.gitignore`, of files and folders that are not read.

        Raises:
            click.ClickException: a PATH is no folder, or cannot be read.
        """
        walk = Walk(output, exclude)
        packages: dict[str, Package] = {}
        for path in paths:
            if path == STDIN or not Path(path).is_dir():
                raise click.UsageError(f"{path} is no folder: with --packages, a PATH has a folder for each package")
            with faults():
                files, folders = walk.level(walk.named(Path(path)))
            walk.counts[_BESIDE] += len(files)
            for folder in folders:
                packages.setdefault(folder.real, Package(folder, Path(folder.path.name)))
        return cls(tuple(packages.values()), walk)

    def check_targets(self, output: Path) -> None:
        """Raises click.UsageError if two packages would be written to one folder."""
        targets = Counter(package.target for package in self.found)
        if twice := [target for target, count in targets.items() if count > 1]:
            raise click.UsageError(f"-o {output}: two packages would be written to {output / twice[0]}")

    def read(self, package: Package) -> Inputs | None:
        """What a package contains; None where it has no file that krm-otel reads, so that it is none.

        Raises:
            click.ClickException: a file cannot be read.
        """
        with faults():
            files = read_files([(package.folder.path, package.folder)], self.walk)
        if not files:
            self.walk.counts[_EMPTY] += 1
            return None
        return Inputs.of(files, is_complete=True, paths=[package.folder.path])

    def notes(self) -> tuple[str, ...]:
        """A line for each reason why something is not read."""
        return self.walk.notes()
