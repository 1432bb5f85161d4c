"""`krm-otel init`: a working starting point in a folder."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from krm_otel.argocd import contains_kind
from krm_otel.cli import options
from krm_otel.cli.inputs.files import manifest_files
from krm_otel.names import CLASS_KIND, CONFIG_KIND
from krm_otel.starters import CLIENTS, starter_files
from krm_otel.starters.place import Place
from krm_otel.starters.steps import steps
from krm_otel.workloads.kustomizations import FILE_NAMES

_FOR_CLIENTS = ("Kptfile", *FILE_NAMES)


@click.command()
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(file_okay=False, path_type=Path))
@click.option("--for", "client", type=click.Choice(CLIENTS), required=True, help="The client to start with.")
@options.color
def init(folder: Path, client: str) -> None:
    """Write a working starting point into DIR, and print what is left to do.

    DIR is the folder of your manifests; the default is the working folder. Existing files stay as they are.

    \b
    Examples:
      krm-otel init apps/shop --for kpt
      krm-otel init --for kustomize
      krm-otel init apps --for flux
    """
    try:
        place = _place(folder)
        for path, text in starter_files(client, place):
            _write(folder / path, text)
    except OSError as error:
        verb = "write" if error.filename and not Path(error.filename).exists() else "use"
        raise click.ClickException(f"cannot {verb} {error.filename}: {error.strerror}") from None
    click.echo("\nLeft to do:")
    for number, step in enumerate(steps(client, place), 1):
        first, *rest = step.splitlines()
        click.echo(f"{number}. {first}")
        for line in rest:
            click.echo(f"   {line}")


def _write(target: Path, text: str) -> None:
    if target.exists() or target.is_symlink():
        click.echo(f"{target} exists and stays as it is")
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("x", encoding="utf-8") as file:
        file.write(text)
    click.echo(f"wrote {target}")


def _place(folder: Path) -> Place:
    """Raises OSError where a file cannot be read."""
    contents = {
        file: file.read_bytes() for file in (manifest_files(folder) if folder.is_dir() else ()) if file.is_file()
    }
    charts = [file.parent for file in (folder / "Chart.yaml", *sorted(folder.glob("*/Chart.yaml"))) if file.is_file()]
    full = folder.resolve()
    root = next((parent for parent in (full, *full.parents) if (parent / ".git").exists()), full)
    return Place(
        folder=str(folder),
        name=re.sub(r"[^a-z0-9]+", "-", full.name.lower()).strip("-") or "app",
        manifests=tuple(_manifests(folder, contents)),
        has_class=any(contains_kind(CLASS_KIND, data) for data in contents.values()),
        existing={
            name: contents[folder / name].decode(errors="replace") for name in _FOR_CLIENTS if folder / name in contents
        },
        chart=str(charts[0]) if charts and (len(charts) == 1 or charts[0] == folder) else None,
        path_in_repository=full.relative_to(root).as_posix(),
        missing_on_path=_missing_on_path(),
    )


def _manifests(folder: Path, contents: dict[Path, bytes]) -> Iterator[str]:
    """Files with objects for a cluster; without those of kustomizations in folders below."""
    others = {file.parent for file in contents if file.name in FILE_NAMES}
    for file, data in contents.items():
        below = [parent for parent in file.parents if parent.is_relative_to(folder)]
        is_object = re.search(rb'^[ \t]*["\']?kind["\']?[ \t]*:', data, re.MULTILINE) and b"apiVersion" in data
        is_ours = file.name in _FOR_CLIENTS or contains_kind(CONFIG_KIND, data)
        if is_object and not is_ours and not others.intersection(below):
            yield file.relative_to(folder).as_posix()


def _missing_on_path() -> str | None:
    """The folder of the running krm-otel, where PATH has none."""
    if shutil.which("krm-otel") is not None:
        return None
    program = Path(sys.argv[0])
    found = program if program.name == "krm-otel" else Path(sys.executable).with_name("krm-otel")
    return str(found.parent.absolute()) if found.exists() else None
