"""Files in and out: what the PATHs of a command contain, and where its output goes."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from krm_otel.cli.output import read_stdin, write_report, write_stdout
from krm_otel.krm.resource import Resource
from krm_otel.run import Outcome, Source
from krm_otel.yamltext.nodes import Mapping, SourceError
from krm_otel.yamltext.parse import compose
from krm_otel.yamltext.scan import documents

_STDIN = "-"
_ENDINGS = (".yaml", ".yml", ".json")
_WITHOUT_ENDING = ("Kptfile", "Kustomization")
_UNNAMED = "krm-otel.yaml"
"""File of generated objects where the input has no object to name the file after."""


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

    @classmethod
    def of(cls, files: Sequence[InputFile], *, is_complete: bool) -> Inputs:
        """The input that consists of these files."""
        return cls(tuple(file.source for file in files), tuple(files), is_complete)


# --- reading ---------------------------------------------------------------------------------------------------------


def read_paths(paths: Sequence[str]) -> Inputs:
    """Reads files, folders (YAML and JSON files at any depth, without hidden folders) or standard input.

    A file that several paths or links lead to is read once, at the first of them.

    Raises:
        click.ClickException: a path cannot be read.
    """
    if _STDIN in paths:
        if len(paths) > 1:
            raise click.UsageError("- (standard input) and other PATHs cannot be combined")
        return Inputs((Source(read_stdin()),))
    named = [Path(path) for path in paths]
    targets: dict[str, tuple[Path, Path]] = {}
    try:
        for path in named:
            for file in manifest_files(path) if path.is_dir() else [path]:
                target = Path(file.name) if file == path else file.relative_to(path)
                targets.setdefault(os.path.realpath(file), (file, target))
        files = [
            InputFile(Source(_read(file, is_named=file in named), str(file), file in named), file, target)
            for file, target in targets.values()
        ]
    except OSError as error:
        raise click.ClickException(f"cannot read {error.filename}: {error.strerror}") from None
    if not files:
        raise click.ClickException(f"no YAML or JSON file in {', '.join(paths)}")
    return Inputs.of(files, is_complete=all(path.is_dir() for path in named))


def _read(file: Path, *, is_named: bool) -> bytes:
    """The content of a file. A named pipe is read only if the user names it: one in a folder would block forever."""
    if not is_named and not stat.S_ISREG(file.stat().st_mode):
        raise OSError(errno.EINVAL, "it is not a regular file", str(file))
    return file.read_bytes()


def manifest_files(folder: Path) -> list[Path]:
    """The YAML and JSON files, Kptfiles and kustomizations of a folder, without hidden folders.

    Raises:
        OSError: a folder cannot be read.
    """

    def fail(error: OSError) -> None:
        raise error  # without this, a folder that cannot be read looks empty

    files = []
    for base, folders, names in os.walk(folder, onerror=fail):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        files += [Path(base, name) for name in sorted(names) if name.endswith(_ENDINGS) or name in _WITHOUT_ENDING]
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


# --- writing ---------------------------------------------------------------------------------------------------------


def write_outcome(inputs: Inputs, outcome: Outcome, output: str, report: str | None) -> None:
    """Writes the report, and the new texts to standard output or below a folder; no file where there are errors.

    Everything that can be checked before is checked before the first file is written.

    Raises:
        click.ClickException: something cannot be written.
    """
    if output == _STDIN:
        write_report(outcome, report)
        write_stdout(stream(inputs, outcome))
        return
    contents = {} if outcome.exit_code else _contents(inputs, outcome, Path(output))
    write_report(outcome, report)
    for target, data in contents.items():
        try:
            _write(target, data)
        except OSError as error:
            raise click.ClickException(f"cannot write {target}: {error.strerror}") from None


def _contents(inputs: Inputs, outcome: Outcome, folder: Path) -> dict[Path, bytes | None]:
    """The new content of each file below a folder; None for a file to delete."""
    if not inputs.files:
        raise click.UsageError(f"-o {folder}: standard input has no file names")
    if folder.exists() and not folder.is_dir():
        raise click.ClickException(
            f"cannot write into {folder}, which is a file: give -o a folder; for one file, the folder that it is in"
        )
    pairs: list[tuple[Path, bytes | None]] = []
    for file, text in zip(inputs.files, outcome.texts, strict=True):
        data = file.source.data if text is None else text.encode()
        pairs.append((folder / file.target, None if is_emptied(file.source, text) else data))
    pairs += [(folder / target, text.encode()) for _, target, text in new_files(inputs, outcome)]
    contents = dict(pairs)
    if len(contents) < len(pairs):
        duplicate, _ = Counter(target for target, _ in pairs).most_common(1)[0]
        raise click.UsageError(f"-o {folder}: two files would be written to {duplicate}")
    return contents


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


def stream(inputs: Inputs, outcome: Outcome) -> bytes:
    """All texts as one: standard input in its own form, files as one stream of documents.

    It has no file that cannot be read: a reader would fail there and miss what follows.
    """
    if not inputs.files:
        return (outcome.texts[0] or "").encode()
    pieces: list[bytes] = []
    for file, text in zip(inputs.files, outcome.texts, strict=True):
        if text is None or file.target.name in _WITHOUT_ENDING or not text.strip():
            continue
        data = text.encode()
        if pieces:
            pieces.append(b"" if pieces[-1].endswith(b"\n") else b"\n")
            pieces.append(b"" if data.startswith(b"---") else b"---\n")
        pieces.append(data)
    for text in outcome.new_files.values():
        pieces.append(b"" if not pieces or pieces[-1].endswith(b"\n") else b"\n")
        pieces.append(text.encode())
    return b"".join(pieces)


def _write(target: Path, data: bytes | None) -> None:
    """Writes a file completely or not at all, with its old mode, through links; deletes it if there is no data."""
    real = Path(os.path.realpath(target))
    if data is None:
        for path in {target, real}:
            path.unlink(missing_ok=True)
        return
    if real.exists() and real.read_bytes() == data:
        return
    real.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=real.parent, prefix=f".{real.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(temporary).chmod(real.stat().st_mode & 0o7777 if real.exists() else 0o644)
        Path(temporary).replace(real)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
