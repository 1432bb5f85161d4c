"""Files in and out: what a command's PATHs hold, and where its output goes."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from krm_otel.krm.resource import Resource
from krm_otel.run import Outcome, Source
from krm_otel.yamltext.source import Mapping, SourceError, compose

STDIN = "-"
_ENDINGS = (".yaml", ".yml", ".json")


@dataclass(frozen=True, slots=True)
class Input:
    """What the PATHs of a command hold. `places` are the files' paths below the output folder."""

    sources: tuple[Source, ...]
    files: tuple[Path | None, ...]
    places: tuple[Path, ...]
    complete: bool
    """Whether whole folders were given, and nothing else."""


def read_paths(paths: Sequence[str]) -> Input:
    """Reads files, folders (YAML and JSON files at any depth, hidden folders left out) or standard input.

    Raises click.ClickException where a path cannot be read.
    """
    if STDIN in paths:
        if len(paths) > 1:
            raise click.UsageError("- (standard input) stands alone")
        return Input((Source(sys.stdin.buffer.read()),), (None,), (Path("-"),), False)
    files: list[Path] = []
    places: list[Path] = []
    for path in map(Path, paths):
        found = _below(path) if path.is_dir() else [path]
        files += found
        places += [file.relative_to(path) if path.is_dir() else Path(file.name) for file in found]
    try:
        sources = tuple(Source(file.read_bytes(), str(file)) for file in files)
    except OSError as error:
        raise click.ClickException(f"cannot read {error.filename}: {error.strerror}") from None
    if not sources:
        raise click.ClickException(f"no YAML or JSON file in {', '.join(paths)}")
    return Input(sources, tuple(files), tuple(places), all(Path(path).is_dir() for path in paths))


def _below(folder: Path) -> list[Path]:
    found = []
    for base, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found += [Path(base, name) for name in sorted(names) if name.endswith(_ENDINGS) or name == "Kptfile"]
    return found


def read_function_config(path: str | None) -> Resource | None:
    """The object in the file given with `-c`; raises click.ClickException where there is none."""
    if path is None:
        return None
    try:
        root = compose(Path(path).read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise click.ClickException(f"cannot read {path}: {error.strerror}") from None
    except (SourceError, UnicodeDecodeError) as error:
        raise click.ClickException(f"{path} is not YAML or JSON: {error}") from None
    if not isinstance(root, Mapping):
        raise click.ClickException(f"{path} holds no object; an OTelConfig is expected")
    return Resource(root, file=path)


def write_outcome(given: Input, outcome: Outcome, output: str) -> None:
    """Writes the new texts: to standard output, or below a folder. Where there is an error, files are not touched."""
    if output == STDIN:
        sys.stdout.buffer.write(stream(given, outcome))
        sys.stdout.buffer.flush()
        return
    if outcome.exit_code:
        return
    folder = Path(output)
    targets = [folder / place for place in given.places]
    doubles = {str(target) for target in targets if targets.count(target) > 1} if len(given.places) < 2000 else set()
    if given.files == (None,) or doubles:
        what = "standard input has no file names" if not doubles else f"two files would be written to {min(doubles)}"
        raise click.UsageError(f"-o {output}: {what}")
    for target, source, text in zip(targets, given.sources, outcome.texts, strict=True):
        data = source.data if text is None else text.encode()
        if goes(source, text):
            target.unlink(missing_ok=True)
        elif not (target.exists() and target.read_bytes() == data):
            _replace(target, data)
    for name, text in outcome.new.items():
        _replace(folder / _place(given, name), text.encode())


def goes(source: Source, text: str | None) -> bool:
    """Whether a file goes: all that was in it was generated."""
    return bool(source.name and text is not None and source.data.strip() and not text.strip())


def _place(given: Input, name: str) -> Path:
    """Where a new file goes: beside the one that it was made for."""
    parent = Path(name).parent
    place = next(place for file, place in zip(given.files, given.places, strict=True) if file and file.parent == parent)
    return place.with_name(Path(name).name)


def stream(given: Input, outcome: Outcome) -> bytes:
    """All texts as one: standard input in its own form, files as one stream of documents."""
    if given.files == (None,):
        return (outcome.texts[0] or "").encode()
    pieces: list[bytes] = []
    for place, source, text in zip(given.places, given.sources, outcome.texts, strict=True):
        data = source.data if text is None else text.encode()
        if place.name == "Kptfile" or not data.strip():
            continue
        if pieces:
            pieces.append(b"" if pieces[-1].endswith(b"\n") else b"\n")
            pieces.append(b"" if data.startswith(b"---") else b"---\n")
        pieces.append(data)
    for text in outcome.new.values():
        pieces.append(b"" if not pieces or pieces[-1].endswith(b"\n") else b"\n")
        pieces.append(text.encode())
    return b"".join(pieces)


def _replace(target: Path, data: bytes) -> None:
    """Writes a file whole or not at all, with the mode that it had."""
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(temporary).chmod(target.stat().st_mode & 0o7777 if target.exists() else 0o644)
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
