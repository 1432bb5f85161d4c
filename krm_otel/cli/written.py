"""Files out: where the output of a command goes, and what it must not overwrite.

Everything that can be checked is checked before the first file is written, and each file is written completely or not
at all.
"""

from __future__ import annotations

import os
import tempfile
from codecs import BOM_UTF8
from contextlib import suppress
from pathlib import Path
from typing import Final

import click

from krm_otel.cli.inputs.files import RENDERED, STDIN, Inputs
from krm_otel.cli.inputs.walk import ENDINGS
from krm_otel.cli.ledger import Ledger, source_name
from krm_otel.cli.output import print_lines, write_report
from krm_otel.cli.output_folder import OutputFolder, folder_contents
from krm_otel.cli.pipe import write_stdout
from krm_otel.cli.stream import stream
from krm_otel.dataclass import dataclass, field
from krm_otel.diagnostics.result import printable
from krm_otel.plan.objects.header import is_generated_file
from krm_otel.run import Outcome
from krm_otel.views.lines import Line

_MOST_NAMED: Final = 5

Contents = dict[Path, bytes | None]
"""File → its new content; None for a file to delete."""


@dataclass(slots=True)
class Written:
    """What became of files. `notes` are lines for people."""

    files: list[Path] = field(default_factory=list)
    deleted: list[Path] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    is_in_files: bool = False
    """Whether the output goes to files."""

    def add(self, other: Written) -> None:
        """Adds what became of further files."""
        self.files += other.files
        self.deleted += other.deleted
        self.notes += other.notes

    def lines(self) -> list[str]:
        """A line for each file, then the notes."""
        written = [f"wrote {path}" for path in self.files]
        return list(map(printable, [*written, *(f"deleted {path}" for path in self.deleted), *self.notes]))

    def summary(self) -> str:
        """The same in short."""
        count = len(self.files)
        written = f"{count or 'no'} {'file' if count == 1 else 'files'} written"
        return f"{written}, {len(self.deleted)} deleted" if self.deleted else written


def is_file_name(output: str) -> bool:
    """Whether `-o` names a file: it ends as manifests do, and is no folder."""
    return output.endswith(ENDINGS) and not Path(output).is_dir()


def is_in_place(inputs: Inputs, output: str) -> bool:
    """Whether the output is the only file of the input."""
    if len(inputs.files) != 1 or not is_file_name(output):
        return False
    return os.path.realpath(inputs.files[0].path) == os.path.realpath(output)


def write_outcome(inputs: Inputs, outcome: Outcome, output: str, report: str | None, *, force: bool = False) -> Written:
    """Writes the report, and the new texts to standard output, a file or a folder; no file where there are errors.

    Args:
        inputs: what was read.
        outcome: what the run came to.
        output: `-`, a file or a folder.
        report: the file of the report, if any.
        force: overwrite files that krm-otel did not write.

    Raises:
        click.ClickException: something cannot be written, or would overwrite a file that krm-otel did not write.
    """
    written = Written(is_in_files=output != STDIN)
    if output == STDIN:
        data, left_out = stream(inputs, outcome)
        write_report(outcome, report)
        write_stdout([data])
        _note(written, left_out)
    elif not inputs.files and not is_file_name(output):
        raise click.UsageError(f"-o {output}: standard input has no file names: give -o a file, such as all.yaml")
    elif outcome.exit_code:
        write_report(outcome, report)
    elif is_file_name(output):
        contents = _one_file(inputs, outcome, Path(output), written, force=force)
        write_report(outcome, report)
        _write_all(contents, written)
    else:
        write_folder(inputs, outcome, Path(output), report, written, force=force)
    return written


def _one_file(inputs: Inputs, outcome: Outcome, target: Path, written: Written, *, force: bool) -> Contents:
    """The content of a file that everything goes to."""
    if is_in_place(inputs, str(target)):
        text = outcome.texts[0]
        return {target: inputs.files[0].source.data if text is None else text.encode()}
    if target.suffix == ".json" and inputs.files:
        raise click.UsageError(f"-o {target}: a stream of documents is YAML: give it a name that ends in .yaml")
    if not force and target.exists() and not target.read_bytes().startswith(RENDERED):
        raise click.ClickException(_refusal([target], target))
    data, left_out = stream(inputs, outcome)
    _note(written, left_out)
    is_json = data.lstrip().startswith(b"{")  # from standard input; it can have no comment
    return {target: data if is_json else RENDERED + data.removeprefix(BOM_UTF8)}


def write_folder(
    inputs: Inputs, outcome: Outcome, path: Path, report: str | None, written: Written, *, force: bool
) -> None:
    """Writes the report, and the new texts below a folder, as `write_outcome`; `written` gets what is done."""
    try:
        contents, in_place = folder_contents(inputs, outcome, path)
        ledger = Ledger.of(path)
        # Only a ledger asks where files come from, and what changes in place needs none.
        source = source_name(inputs.paths, path) if ledger.entries or not in_place else ""
        folder = OutputFolder(path, ledger, source, in_place)
        states = {file: folder.state(file, data) for file, data in contents.items()}
        # What is to be deleted is krm-otel's own there, or is not there.
        contents = {file: data for file, data in contents.items() if data is not None or states[file] != "foreign"}
        foreign = [file for file in contents if states[file] == "foreign"]
        if foreign and not force:
            raise click.ClickException(_refusal(foreign, path))
        edited = [file for file in contents if states[file] == "edited"]
        for file in folder.stale(contents) if inputs.is_complete else ():
            if folder.state(file, None) == "edited":
                written.notes.append(f"kept {file}: it is not rendered any more, and was edited since it was")
            else:
                contents[file] = None
    except (OSError, UnicodeDecodeError) as error:
        raise click.ClickException(f"cannot read {getattr(error, 'filename', path)}: {error}") from None
    write_report(outcome, report)
    written.notes += [f"overwrote {file}, which was edited since it was rendered" for file in edited]
    done: Contents = {}
    try:
        _write_all(contents, written, done)
    finally:  # also where a file cannot be written: the next render has to know those before it
        if done and (renewed := folder.renewed(done)):
            _write_all(dict([renewed]), Written())


def _note(written: Written, left_out: str) -> None:
    if left_out:
        written.notes.append(f"left out of the stream, since no cluster knows them: {left_out}")


def _refusal(foreign: list[Path], output: Path) -> str:
    named = ", ".join(map(str, foreign[:_MOST_NAMED]))
    more = f" and {len(foreign) - _MOST_NAMED} more" if len(foreign) > _MOST_NAMED else ""
    return (
        f"-o {output} would overwrite {named}{more}, which krm-otel did not write, so nothing is written: give -o "
        "another place, or add --force"
    )


def _write_all(contents: Contents, written: Written, done: Contents | None = None) -> None:
    """Writes files so that a run that is stopped leaves no workload without the objects that it needs.

    Files of generated objects come first, and what is deleted goes last. `done` gets those that are written.
    """
    for target, data in sorted(contents.items(), key=lambda item: _turn(item[1])):
        try:
            _write(target, data, written)
        except OSError as error:
            print_lines(map(Line, written.lines()))  # what is done already
            raise click.ClickException(f"cannot write {target}: {error.strerror}") from None
        if done is not None:
            done[target] = data


def _turn(data: bytes | None) -> int:
    if data is None:
        return 2
    return 0 if is_generated_file(data) else 1


def _write(target: Path, data: bytes | None, written: Written) -> None:
    """Writes a file completely or not at all, through links; deletes it if there is no data.

    Mode and owner stay what they were; a new file has what the umask leaves.
    """
    # To resolve each folder on the way is slow, and only a link itself would be replaced.
    real = Path(os.path.realpath(target)) if target.is_symlink() else target
    if data is None:
        if target.exists() or target.is_symlink():
            written.deleted.append(target)
        for path in {target, real}:
            path.unlink(missing_ok=True)
        return
    try:
        with real.open("rb") as file:
            old = os.fstat(file.fileno())
            if file.read() == data:
                return
    except (FileNotFoundError, NotADirectoryError):
        old = None
        real.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=real.parent, prefix=f".{real.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            _take_on(file.fileno(), old)
        Path(temporary).replace(real)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    written.files.append(target)


def _take_on(new: int, old: os.stat_result | None) -> None:
    """Gives a new file the mode and owner of the one that it replaces, if any."""
    if old is None:
        umask = os.umask(0)
        os.umask(umask)
        os.fchmod(new, 0o666 & ~umask)
        return
    made = os.fstat(new)
    if (old.st_uid, old.st_gid) != (made.st_uid, made.st_gid):
        with suppress(PermissionError):  # only root may give a file away
            os.fchown(new, old.st_uid, old.st_gid)
    os.fchmod(new, old.st_mode & 0o7777)
