"""Files in: what the PATHs of a command contain."""

from __future__ import annotations

import errno
import os
import stat
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click

from krm_otel.cli.ignored import Ignored
from krm_otel.cli.ledger import Ledger
from krm_otel.cli.output import read_stdin
from krm_otel.dataclass import dataclass, field
from krm_otel.krm.resource import Resource
from krm_otel.run import Source
from krm_otel.views.summary import plural
from krm_otel.yamltext.nodes import Mapping, SourceError
from krm_otel.yamltext.parse import compose
from krm_otel.yamltext.scan import documents

STDIN: Final = "-"
ENDINGS: Final = (".yaml", ".yml", ".json")
RENDERED: Final = b"# Rendered by krm-otel. Edits are overwritten: change what it was rendered from instead.\n"
"""The first line of a single file that a stream is written to: without it, the file is somebody else's."""
_WITHOUT_ENDING: Final = ("Kptfile", "Kustomization")
_EARLIER: Final = "an earlier render wrote them"


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


@dataclass(slots=True)
class _Unread:
    """What is not read of folders: the output, what earlier renders wrote, and what is ignored."""

    output: Path | None
    patterns: Sequence[str]
    counts: Counter[str] = field(default_factory=Counter)

    def notes(self) -> tuple[str, ...]:
        """A line for each reason."""
        return tuple(f"not read: {plural(count, 'path')} ({why})" for why, count in self.counts.items() if count)


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
    unread = _Unread(output, exclude)
    targets: dict[str, tuple[Path, Path]] = {}
    try:
        for path in named:
            for file in _walk(path, unread) if path.is_dir() else [path]:
                target = Path(file.name) if file == path else file.relative_to(path)
                targets.setdefault(os.path.realpath(file), (file, target))
        files = []
        for file, target in targets.values():
            data = _read(file, is_named=file in named)
            if file not in named and data.startswith(RENDERED):
                unread.counts[_EARLIER] += 1
            else:
                files.append(InputFile(Source(data, str(file), file in named), file, target))
    except OSError as error:
        raise click.ClickException(f"cannot read {error.filename}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise click.ClickException("cannot read a .krmignore: it is not UTF-8") from None
    if not files:
        notes = "".join(f"; {note}" for note in unread.notes())
        raise click.ClickException(f"no YAML or JSON file in {', '.join(paths)}{notes}")
    complete = all(path.is_dir() for path in named)
    return Inputs.of(files, is_complete=complete, paths=named, notes=unread.notes())


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
    return _walk(folder, _Unread(None, ()))


def _walk(folder: Path, unread: _Unread) -> list[Path]:
    def fail(error: OSError) -> None:
        raise error  # without this, a folder that cannot be read looks empty

    ignored = Ignored(folder, unread.patterns)
    output = os.path.realpath(unread.output) if unread.output is not None else ""
    rendered: set[str] = set()
    files: list[Path] = []
    for base, folders, names in os.walk(folder, onerror=fail):
        place = Path(base)
        ignored.enter(place)
        if place != folder:  # a folder that the user names is read, whoever wrote it
            rendered |= {os.path.realpath(place / path) for path in Ledger.of(place).entries}
        visible = [name for name in sorted(folders) if not name.startswith(".")]
        kept = [name for name in visible if not ignored.has(place / name, is_folder=True)]
        folders[:] = [name for name in kept if os.path.realpath(place / name) != output]
        unread.counts["the output"] += len(kept) - len(folders)
        for name in sorted(names):
            file = place / name
            if not name.endswith(ENDINGS) and name not in _WITHOUT_ENDING:
                continue
            real = os.path.realpath(file)
            if real == output:
                unread.counts["the output"] += 1
            elif real in rendered:
                unread.counts[_EARLIER] += 1
            elif not ignored.has(file, is_folder=False):
                files.append(file)
    unread.counts.update(ignored.counts)
    return files


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
