"""Files in and out: what a command's PATHs hold, and where its output goes."""

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

STDIN = "-"
_ENDINGS = (".yaml", ".yml", ".json")
_UNNAMED = "krm-otel.yaml"
"""Where generated objects go when there is no object in the input to name the file by."""


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

    A file that is met again, by another path or through a link, is one file: its first place counts. Raises
    click.ClickException where a path cannot be read.
    """
    if STDIN in paths:
        if len(paths) > 1:
            raise click.UsageError("- (standard input) stands alone")
        return Input((Source(read_stdin()),), (None,), (Path("-"),), False)
    found: dict[str, tuple[Path, Path]] = {}
    named = [Path(path) for path in paths]
    try:
        for path in named:
            for file in below(path) if path.is_dir() else [path]:
                found.setdefault(
                    os.path.realpath(file), (file, file.relative_to(path) if file != path else Path(file.name))
                )
        sources = tuple(
            Source(_content(file, file not in named), str(file), file in named) for file, _ in found.values()
        )
    except OSError as error:
        raise click.ClickException(f"cannot read {error.filename}: {error.strerror}") from None
    if not sources:
        raise click.ClickException(f"no YAML or JSON file in {', '.join(paths)}")
    files, places = zip(*found.values(), strict=True)
    return Input(sources, files, places, all(Path(path).is_dir() for path in paths))


def _content(file: Path, regular: bool) -> bytes:
    """What is in a file; a pipe is one to read where somebody names it, and in a folder one to wait at for ever."""
    if regular and not stat.S_ISREG(file.stat().st_mode):
        raise OSError(errno.EINVAL, "it is no file", str(file))
    return file.read_bytes()


def below(folder: Path) -> list[Path]:
    """The YAML and JSON files of a folder, hidden folders left out; raises OSError where one cannot be read."""

    def fail(error: OSError) -> None:
        raise error  # a folder that cannot be read is not an empty one

    found = []
    for base, folders, names in os.walk(folder, onerror=fail):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found += [Path(base, name) for name in sorted(names) if name.endswith(_ENDINGS) or name == "Kptfile"]
    return found


def read_function_config(path: str | None) -> Resource | None:
    """The object in the file given with `-c`; raises click.ClickException where there is none, or more."""
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
        raise click.UsageError(f"-c {path}: it holds {count} documents; write the function config in a file of its own")
    if not isinstance(root, Mapping):
        raise click.UsageError(f"-c {path}: it holds no object; an OTelConfig is expected")
    return Resource(root, file=path)


def write_outcome(given: Input, outcome: Outcome, output: str, report: str | None) -> None:
    """Writes the report and the new texts: to standard output, or below a folder. Where there is an error, files are
    not touched.

    Raises click.ClickException where something cannot be written. What can be known before is found before anything is
    written.
    """
    if output == STDIN:
        write_report(outcome, report)
        write_stdout(stream(given, outcome))
        return
    files = {} if outcome.exit_code else _files(given, outcome, Path(output))
    write_report(outcome, report)
    for target, data in files.items():
        try:
            _write(target, data)
        except OSError as error:
            raise click.ClickException(f"cannot write {target}: {error.strerror}") from None


def _files(given: Input, outcome: Outcome, folder: Path) -> dict[Path, bytes | None]:
    """What is to stand in each file below a folder; None where there is to be none."""
    if given.files == (None,):
        raise click.UsageError(f"-o {folder}: standard input has no file names")
    if folder.exists() and not folder.is_dir():
        raise click.ClickException(
            f"cannot write into {folder}, which is a file: -o wants a folder, for one file the one that it is in"
        )
    pairs: list[tuple[Path, bytes | None]] = []
    for place, source, text in zip(given.places, given.sources, outcome.texts, strict=True):
        data = source.data if text is None else text.encode()
        pairs.append((folder / place, None if goes(source, text) else data))
    pairs += [(folder / place, text.encode()) for _, place, text in arrivals(given, outcome)]
    files = dict(pairs)
    if len(files) < len(pairs):
        double, _ = Counter(target for target, _ in pairs).most_common(1)[0]
        raise click.UsageError(f"-o {folder}: two files would be written to {double}")
    return files


def goes(source: Source, text: str | None) -> bool:
    """Whether a file goes: all that was in it was generated."""
    return bool(source.name and text is not None and source.data.strip() and not text.strip())


def arrivals(given: Input, outcome: Outcome) -> Iterator[tuple[Path, Path, str]]:
    """Files that come: path, place and text. Each stands beside the one that it was made for, by its name; where there
    is no object in any file, beside the first."""
    beside = {file.parent: place for file, place in zip(given.files, given.places, strict=True) if file}
    for name, text in outcome.new.items():
        file = Path(name) if name else Path(given.sources[0].name).with_name(_UNNAMED)
        yield file, beside[file.parent].with_name(file.name), text


def stream(given: Input, outcome: Outcome) -> bytes:
    """All texts as one: standard input in its own form, files as one stream of documents.

    A file that cannot be read has no place there: what is behind it would not be read either.
    """
    if given.files == (None,):
        return (outcome.texts[0] or "").encode()
    pieces: list[bytes] = []
    for place, text in zip(given.places, outcome.texts, strict=True):
        if text is None or place.name == "Kptfile" or not text.strip():
            continue
        data = text.encode()
        if pieces:
            pieces.append(b"" if pieces[-1].endswith(b"\n") else b"\n")
            pieces.append(b"" if data.startswith(b"---") else b"---\n")
        pieces.append(data)
    for text in outcome.new.values():
        pieces.append(b"" if not pieces or pieces[-1].endswith(b"\n") else b"\n")
        pieces.append(text.encode())
    return b"".join(pieces)


def _write(target: Path, data: bytes | None) -> None:
    """Writes a file whole or not at all, with the mode that it had; through a link. Without data it goes."""
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
