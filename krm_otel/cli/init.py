"""`krm-otel init`: a working starting point in a folder, beside what is there."""

from __future__ import annotations

from pathlib import Path

import click

from krm_otel.starters import NEXT, files


@click.command("init")
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(file_okay=False, path_type=Path))
@click.option("--for", "client", type=click.Choice(list(NEXT)), required=True, help="The client to start with.")
def command(folder: Path, client: str) -> None:
    """Write a working starting point into DIR (the working folder by default). What is there stays as it is.

    \b
    Examples:
      krm-otel init apps/shop --for kpt
      krm-otel init --for kustomize
    """
    try:
        for path, text in files(client):
            target = folder / path
            if target.exists() or target.is_symlink():
                click.echo(f"{target} is there already and stays as it is")
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("x", encoding="utf-8") as file:
                file.write(text)
            click.echo(f"{target} written")
    except OSError as error:
        raise click.ClickException(f"cannot write {error.filename}: {error.strerror}") from None
    click.echo("")
    for step in NEXT[client]:
        click.echo(step)
