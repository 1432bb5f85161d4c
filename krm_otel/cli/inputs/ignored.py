"""Files of a folder that are not read: `.krmignore`, as kpt and kustomize's libraries read it, and `--exclude`.

Both have the patterns of a `.gitignore`. A `.krmignore` holds for its folder and what is below it. Source: kyaml,
`kio/ignorefilesmatcher.go`, which looks for one in the folder of a package; here any folder may have one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from krm_otel.dataclass import dataclass, field

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

FILE: Final = ".krmignore"


@dataclass(frozen=True, slots=True)
class Ignored:
    """The patterns that hold in one folder: its own, and those of the folders around it.

    `counts`: why files and folders are not read → how many, in the folder that the user named.
    """

    counts: Counter[str] = field(default_factory=Counter)
    _specs: tuple[tuple[Path, str, GitIgnoreSpec], ...] = ()

    def by(self, folder: Path, patterns: Sequence[str], why: str) -> Ignored:
        """What is not read where patterns hold in a folder, too."""
        where = str(folder / why) if why == FILE else why
        return Ignored(self.counts, (*self._specs, (folder, why, _spec(tuple(patterns), where))))

    def inside(self, folder: Path) -> Ignored:
        """What is not read in a folder that has a `.krmignore`; raises OSError."""
        return self.by(folder, (folder / FILE).read_text("utf-8").splitlines(), FILE)

    def has(self, path: Path, *, is_folder: bool) -> bool:
        """Whether a file or folder below is not read; counts it."""
        for folder, why, spec in self._specs:
            inside = path.relative_to(folder).as_posix()
            if spec.match_file(f"{inside}/" if is_folder else inside):
                self.counts[why] += 1
                return True
        return False


@lru_cache(maxsize=64)  # the packages of a repository have the same file, mostly
def _spec(patterns: tuple[str, ...], where: str) -> GitIgnoreSpec:
    # Most folders have no patterns: then the library is not loaded.
    from pathspec import GitIgnoreSpec

    try:
        return GitIgnoreSpec.from_lines(patterns)
    except ValueError as error:
        raise click.UsageError(f"{where}: {error}: write patterns as in a .gitignore") from None
