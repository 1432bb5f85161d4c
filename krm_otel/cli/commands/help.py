"""`krm-otel help`: what a result code means and what to do about it, from the catalogue of rules."""

from __future__ import annotations

import re

import click

from krm_otel.cli import options
from krm_otel.cli.terminal import COLORS
from krm_otel.diagnostics.catalogue import RULES
from krm_otel.diagnostics.rule import Rule
from krm_otel.diagnostics.suggestion import nearest


def _complete(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    return [code for code in sorted(RULES) if code.startswith(incomplete)]


@click.command()
@click.argument("code", required=False, shell_complete=_complete)
@options.color
def help(code: str | None) -> None:
    """Explain a result code; without one, list all codes.

    \b
    Examples:
      krm-otel help tail-sampling-split
      krm-otel help
    """
    if code is None:
        width = max(map(len, RULES))
        for rule in sorted(RULES.values(), key=lambda rule: rule.code):
            click.echo(f"{rule.code:{width}}  {rule.severity:7}  {_plain(rule.meaning).partition('. ')[0].rstrip('.')}")
    elif rule_of_code := RULES.get(code):
        click.echo("\n".join(_explained(rule_of_code)))
    else:
        near = nearest(code, RULES)
        hint = f"did you mean {near}?" if near else "krm-otel help lists all codes."
        raise click.BadParameter(f"there is no result code {code}: {hint}", param_hint="CODE")


def _explained(rule: Rule) -> list[str]:
    severity = click.style(rule.severity, fg=COLORS[rule.severity])
    exception = f"; {_plain(rule.otherwise)}" if rule.otherwise else ""
    paragraphs = [rule.meaning, f"What to do: {rule.remedy}", f"Example: {rule.example}" if rule.example else ""]
    lines = [f"{click.style(rule.code, bold=True)} ({severity}{exception})"]
    return lines + [line for text in paragraphs if text for line in ("", click.wrap_text(_plain(text), width=100))]


def _plain(markdown: str) -> str:
    """Text for a terminal: the target of a link follows its words."""
    return re.sub(r"\[([^][]+)\]\(([^)]+)\)", r"\1 (docs/\2)", markdown).replace("`", "")
