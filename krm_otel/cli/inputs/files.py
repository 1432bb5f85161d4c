"""Files in: what the PATHs of a command contain."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import click

from krm_otel.cli.inputs.walk import EARLIER, Folder, Walk
from krm_otel.cli.pipe import read_stdin
from krm_otel.dataclass import dataclass
from krm_otel.krm.resource import Resource
from krm_otel.run import Source
from krm_otel.yamltext.documents.by_events import documents
from krm_otel.yamltext.nodes import Mapping, SourceError
from krm_otel.yamltext.parse import compose

STDIN: Final = "-"
RENDERED: Final = b"# Rendered by krm-otel. Edits are overwritten: change what it was rendered from instead.\n"
"""The first line of a single file that a stream is written to: without it, the file is somebody else's."""


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file of the input. `target` is its path below the output folder."""

    source: Source
    path: Path
    target: Path


@dataclass(frozen=True, slots=True)
class Inputs:
    """What the PATHs of a command contain: files, or standard input, which is a source without a file."""

    sources: tuple[Source, ...]
    files: tuple[InputFile, ...] = ()
    is_complete: bool = False
    """Whether the PATHs are folders only, so that the input has everything."""
    paths: tuple[Path, ...] = ()
    """The PATHs of the files."""
    notes: tuple[str, ...] = ()
    """What of the PATHs is not read, and why, for people."""

    @classmethod
    def of(
        cls, files: Sequence[InputFile], *, is_complete: bool, paths: Sequence[Path] = (), notes: Sequence[str] = ()
    ) -> Inputs:
        """The input that consists of these files."""
        return cls(tuple(file.source for file in files), tuple(files), is_complete, tuple(paths), tuple(notes))


def read_paths(paths: Sequence[str], output: Path | None = None, exclude: Sequence[str] = ()) -> Inputs:
    """Reads files, folders (YAML and JSON files at any depth, without hidden folders) or standard input.

    A file that several paths or links lead to is read once, at the first of them.

    Args:
        paths: what the user names.
        output: where the output goes. It is not read where it is below a folder of the paths.
        exclude: patterns, as in a `.gitignore`, of files in the folders that are not read.

    Raises:
        click.ClickException: a path cannot be read.
    """
    if STDIN in paths:
        if len(paths) > 1:
            raise click.UsageError("- (standard input) and other PATHs cannot be combined")
        return Inputs((Source(read_stdin()),))
    named = [Path(path) for path in paths]
    walk = Walk(output, exclude)
    with faults():
        files = read_files([(path, walk.named(path) if path.is_dir() else None) for path in named], walk)
    if not files:
        notes = "".join(f"; {note}" for note in walk.notes())
        raise click.ClickException(f"no YAML or JSON file in {', '.join(paths)}{notes}")
    complete = all(path.is_dir() for path in named)
    return Inputs.of(files, is_complete=complete, paths=named, notes=walk.notes())


@contextmanager
def faults() -> Iterator[None]:
    """Faults of files and folders that are read, as people read them."""
    try:
        yield
    except OSError as error:
        raise click.ClickException(f"cannot read {error.filename}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise click.ClickException("cannot read a .krmignore: it is not UTF-8") from None


def read_files(named: Sequence[tuple[Path, Folder | None]], walk: Walk) -> list[InputFile]:
    """Reads what the user names: files, and folders as the walk knows them; raises OSError and UnicodeDecodeError."""
    targets: dict[str, tuple[Path, Path]] = {}
    for path, folder in named:
        for file, real in walk.files(folder) if folder is not None else [(path, os.path.realpath(path))]:
            targets.setdefault(real, (file, file.relative_to(path) if folder is not None else Path(file.name)))
    by_name = {path for path, _ in named}
    files = []
    for file, target in targets.values():
        data = _read(file, is_named=file in by_name)
        if file not in by_name and data.startswith(RENDERED):
            walk.counts[EARLIER] += 1
        else:
            files.append(InputFile(Source(data, str(file), file in by_name), file, target))
    return files


def _read(file: Path, *, is_named: bool) -> bytes:
    """The content of a file. A named pipe is read only if the user names it: one in a folder would block forever."""
    if not is_named and not stat.S_ISREG(file.stat().st_mode):
        raise OSError(errno.EINVAL, "it is not a regular file", str(file))
    return file.read_bytes()


def manifest_files(folder: Path) -> list[Path]:
    """The YAML and JSON files, Kptfiles and kustomizations of a folder, without hidden folders and what is ignored.

    Raises:
        OSError: a folder cannot be read.
    """
    walk = Walk()
    return [path for path, _ in walk.files(walk.named(folder))]


def read_function_config(path: str | None) -> Resource | None:
    """The object in the file of `-c`; None without one.

    Raises:
        click.ClickException: the file cannot be read, or does not contain exactly one object.
    """
    if path is None:
        return None
    try:
        text = Path(path).read_bytes().decode("utf-8-sig")
        root, count = compose(text), len(documents(text))
    except OSError as error:
        raise click.ClickException(f"cannot read {path}: {error.strerror}") from None
    except (SourceError, UnicodeDecodeError) as error:
        raise click.ClickException(f"{path} is not YAML or JSON: {error}") from None
    if count > 1:
        raise click.UsageError(f"-c {path}: the file has {count} documents: write the function config in its own file")
    if not isinstance(root, Mapping):
        raise click.UsageError(f"-c {path}: the file has no object: write an OTelConfig in it")
    return Resource(root, file=path, source=text)
