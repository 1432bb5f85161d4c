"""Arguments and options that several commands share."""

from __future__ import annotations

import click

paths = click.argument("paths", nargs=-1, required=True, metavar="PATH…")
function_config = click.option(
    "-c", "--fn-config", "fn_config", metavar="FILE", help="The function config: an OTelConfig, or a flat ConfigMap."
)
output = click.option(
    "-o",
    "--output",
    default="-",
    metavar="DIR|-",
    show_default=True,
    help="Write files below DIR (the same folder: in place), or one stream to standard output.",
)
