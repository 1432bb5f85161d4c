"""Files of a folder that are not read: `.krmignore`, as kpt and kustomize's libraries read it, and `--exclude`.

Both have the patterns of a `.gitignore`. A `.krmignore` holds for its folder and what is below it. Source: kyaml,
`kio/ignorefilesmatcher.go`, which looks for one in the folder of a package; here any folder may have one.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from krm_otel.dataclass import dataclass, field

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

_FILE: Final = ".krmignore"


@dataclass(slots=True)
class Ignored:
    """The patterns that hold in one folder that the user named.

    `counts`: why files and folders are not read → how many.
    """

    root: Path
    patterns: Sequence[str] = ()
    counts: dict[str, int] = field(default_factory=dict)
    _specs: list[tuple[Path, str, GitIgnoreSpec]] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.patterns:
            self._specs.append((self.root, "--exclude", _spec(self.patterns, "--exclude")))

    def enter(self, folder: Path) -> None:
        """Reads the patterns of a folder, which is walked before what is in it; raises OSError."""
        if (file := folder / _FILE).is_file():
            self._specs.append((folder, _FILE, _spec(file.read_text("utf-8").splitlines(), str(file))))

    def has(self, path: Path, *, is_folder: bool) -> bool:
        """Whether a file or folder below the root is not read; counts it."""
        for folder, why, spec in self._specs:
            if path.is_relative_to(folder):
                inside = path.relative_to(folder).as_posix()
                if spec.match_file(f"{inside}/" if is_folder else inside):
                    self.counts[why] = self.counts.get(why, 0) + 1
                    return True
        return False


def _spec(patterns: Sequence[str], where: str) -> GitIgnoreSpec:
    # Most folders have no patterns: then the library is not loaded.
    from pathspec import GitIgnoreSpec

    try:
        return GitIgnoreSpec.from_lines(patterns)
    except ValueError as error:
        raise click.UsageError(f"{where}: {error}: write patterns as in a .gitignore") from None
