"""`krm-otel help`: the catalogue of rules on the command line."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from krm_otel.cli.commands.group import cli
from krm_otel.diagnostics.catalogue import RULES


@pytest.mark.parametrize("code", RULES)
def test_every_code_is_explained(code: str) -> None:
    found = CliRunner().invoke(cli, ["help", code])
    assert found.exit_code == 0
    assert found.output.startswith(f"{code} ({RULES[code].severity}")
    assert "What to do: " in found.output
    assert "](" not in found.output, "links are no Markdown on a terminal"


def test_without_a_code_all_are_listed() -> None:
    lines = CliRunner().invoke(cli, ["help"]).output.splitlines()
    assert [line.split()[0] for line in lines] == sorted(RULES)


def test_an_unknown_code_proposes_the_nearest() -> None:
    found = CliRunner().invoke(cli, ["help", "image-lack"])
    assert found.exit_code == 2
    assert "did you mean image-lacks?" in found.output
