"""Arguments and options that several commands have."""

from __future__ import annotations

import click

paths = click.argument("paths", nargs=-1, required=True, metavar="PATH…")
report = click.option(
    "--report",
    metavar="FILE",
    envvar="KRM_OTEL_REPORT",
    help="Write results and actions to FILE as JSON (also KRM_OTEL_REPORT).",
)
function_config = click.option(
    "-c", "--fn-config", metavar="FILE", help="The function config: an OTelConfig, a flat ConfigMap, or a ClassRuntime."
)
output = click.option(
    "-o",
    "--output",
    default="-",
    metavar="DIR|-",
    show_default=True,
    help="Write files below DIR (the same folder: in place), or one stream to standard output.",
)
