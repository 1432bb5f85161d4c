"""The work of the commands over manifests: the input is run as one, or package by package, and written where asked."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

import click

from krm_otel.cli.inputs.files import STDIN, InputFile, Inputs, read_function_config, read_paths
from krm_otel.cli.inputs.packages import Package, Packages
from krm_otel.cli.output import check_report, print_lines, write_report
from krm_otel.cli.output_folder import is_emptied, new_files, without_source
from krm_otel.cli.terminal import has_bar, progress
from krm_otel.cli.written import Written, is_file_name, is_in_place, write_folder, write_outcome
from krm_otel.dataclass import dataclass, field, replace
from krm_otel.krm.resource import Resource
from krm_otel.packages import joined, settled
from krm_otel.plan import Track, untracked
from krm_otel.run import Outcome, run
from krm_otel.views.diff import FileDiff
from krm_otel.views.lines import Line

_CANNOT: Final = 2


@dataclass(slots=True)
class Done:
    """What the work came to.

    Args:
        inputs: what was read; of packages that are in a folder already, nothing.
        outcome: what the run came to, or the runs over all packages.
        written: what became of files.
        files: the files that change, where the lines were counted.
        ends: path of a package → what became of its files, in short.
        refused: why packages could not be read or written.
    """

    inputs: Inputs
    outcome: Outcome
    written: Written = field(default_factory=Written)
    files: list[FileDiff] = field(default_factory=list)
    ends: dict[str, str] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        """2 where something could not be done, 1 if there are errors, otherwise 0."""
        return _CANNOT if self.refused else self.outcome.exit_code


class _Shared(NamedTuple):
    """What is read once, for one input or for all packages: the function config and the environment."""

    config: Resource | None
    environ: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Work:
    """What a command is asked for: its arguments and options, as `krm_otel.cli.options` says."""

    paths: tuple[str, ...]
    exclude: tuple[str, ...]
    fn_config: str | None
    packages: bool
    output: str = STDIN
    force: bool = False
    stat: bool = False
    remove: bool = False

    def planned(self) -> Done:
        """What would be done; raises click.ClickException where the input cannot be read."""
        if self.packages:
            return self._each(is_written=False)
        shared = self._shared()
        inputs = read_paths(self.paths, self._folder, self.exclude)
        return Done(inputs, self._run(inputs, shared, progress))

    def done(self, report: str | None) -> Done:
        """Writes the report and the output.

        Packages go to a folder one after the other, and each is read after those before it are written: it is as if
        krm-otel were called for each of them. One that cannot be read or written does not stop the others.

        Raises:
            click.ClickException: the input cannot be read, or the output cannot be written.
        """
        if self.packages and self.output != STDIN and not is_file_name(self.output):
            check_report(report)
            done = self._each(is_written=True)
            write_report(done.outcome, report)
            return done
        done = self.planned()
        if done.refused:
            raise click.ClickException("\n".join(done.refused))
        done.written = write_outcome(done.inputs, done.outcome, self.output, report, force=self.force)
        if self.stat:
            done.files = list(changed_files(done.inputs, done.outcome))
        return done

    @property
    def _folder(self) -> Path | None:
        return Path(self.output) if self.output != STDIN else None

    def _shared(self) -> _Shared:
        return _Shared(read_function_config(self.fn_config), dict(os.environ))

    def _run(self, inputs: Inputs, shared: _Shared, track: Track) -> Outcome:
        return run(
            inputs.sources,
            shared.environ,
            function_config=shared.config,
            remove=self.remove,
            complete=inputs.is_complete and not self.remove,
            in_one_text=is_in_place(inputs, self.output),
            track=track,
            two_processes=True,
        )

    def _each(self, *, is_written: bool) -> Done:
        """Runs package by package. Of what is written, only that is kept which there is to say about it."""
        shared = self._shared()
        packages = Packages.of(self.paths, self._folder, self.exclude)
        if is_written:
            packages.check_targets(Path(self.output))
        track = untracked if has_bar(packages.found) else progress
        outcomes: dict[str, Outcome] = {}
        files: list[InputFile] = []
        done = Done(Inputs(()), Outcome((), (), ()), Written(is_in_files=is_written))
        for package in progress(packages.found, "packages"):
            try:
                if (inputs := packages.read(package)) is None:
                    continue
                outcome = self._run(inputs, shared, track)
                if is_written:
                    self._write(package, inputs, outcome, done)
                    outcome = settled(outcome)
                else:
                    files += inputs.files
                    # The name of a new file is its path here: without an object in any file, it has none of its own.
                    new = {str(path): text for path, _, text in new_files(inputs, outcome)}
                    outcome = replace(outcome, new_files=new)
            except click.ClickException as error:
                done.refused.append(f"{package.name}: {error.format_message()}")
            except BaseException:  # Ctrl-C, or a bug
                print_lines(map(Line, done.written.lines()))  # what is done already
                raise
            else:
                outcomes[package.name] = outcome
        if not outcomes and not done.refused:
            raise click.ClickException("; ".join((f"no package in {', '.join(self.paths)}", *packages.notes())))
        if is_written:
            rendered = {Path(self.output) / package.target for package in packages.found}
            for folder in without_source(Path(self.output), rendered):
                done.written.notes.append(f"kept {folder}: the package that it was rendered from is gone")
        done.inputs = Inputs.of(files, is_complete=True, notes=packages.notes())
        done.outcome = joined(outcomes)
        return done

    def _write(self, package: Package, inputs: Inputs, outcome: Outcome, done: Done) -> None:
        if self.stat:
            done.files += changed_files(inputs, outcome)
        if outcome.exit_code:
            return
        written = Written(is_in_files=True)
        try:
            write_folder(inputs, outcome, Path(self.output) / package.target, None, written, force=self.force)
        finally:
            done.written.add(written)
        done.ends[package.name] = written.summary()


def changed_files(inputs: Inputs, outcome: Outcome) -> Iterator[FileDiff]:
    """The files that change, as render would write them."""
    for source, text, starts in zip(inputs.sources, outcome.texts, outcome.starts, strict=True):
        if text is not None:
            new = None if is_emptied(source, text) else text
            yield from FileDiff.of(source.data.decode(), new, source.name or "stdin", starts)
    for path, _, text in new_files(inputs, outcome):
        yield from FileDiff.of(None, text, str(path))
