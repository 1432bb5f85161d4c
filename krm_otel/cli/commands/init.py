"""`krm-otel init`: a working starting point in a folder."""

from __future__ import annotations

from pathlib import Path

import click

from krm_otel.cli import options
from krm_otel.starters import NEXT_STEPS, starter_files


@click.command()
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(file_okay=False, path_type=Path))
@click.option("--for", "client", type=click.Choice(list(NEXT_STEPS)), required=True, help="The client to start with.")
@options.color
def init(folder: Path, client: str) -> None:
    """Write a working starting point into DIR. The default is the working folder; existing files stay as they are.

    \b
    Examples:
      krm-otel init apps/shop --for kpt
      krm-otel init --for kustomize
    """
    try:
        for path, text in starter_files(client):
            target = folder / path
            if target.exists() or target.is_symlink():
                click.echo(f"{target} exists and stays as it is")
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("x", encoding="utf-8") as file:
                file.write(text)
            click.echo(f"wrote {target}")
    except OSError as error:
        raise click.ClickException(f"cannot write {error.filename}: {error.strerror}") from None
    click.echo("")
    for step in NEXT_STEPS[client]:
        click.echo(step)
