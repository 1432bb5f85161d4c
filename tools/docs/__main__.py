"""Writes the generated blocks of the documentation: `make docs`; with `--check`, compares them: `make check-docs`.

python -m tools.docs            write
python -m tools.docs --check    exit 1 with a diff where a page is not up to date
"""

from __future__ import annotations

import argparse
import difflib
import sys
from pathlib import Path

from bench.page import BLOCKS
from tools.docs import house_map, results, settings
from tools.docs.blocks import BlockError, Generators, regenerate

ROOT = Path(__file__).parents[2]

GENERATORS: Generators = {
    "results": results.results_reference,
    "fields of the block": settings.block_table,
    "fields of the flat block": settings.flat_telemetry_table,
    "fields of an OTelConfig": settings.config_table,
    "keys of the flat form": settings.flat_form_table,
    "map of krm_otel": lambda: house_map.package_map("krm_otel"),
    "map of tools": lambda: house_map.package_map("tools"),
    "map of bench": lambda: house_map.package_map("bench"),
    **BLOCKS,
}
"""To add a block: a function that returns Markdown, a name for it here, and the two marks in a page."""


def pages() -> list[Path]:
    """Every page that may have generated blocks."""
    return [*sorted((ROOT / "docs").rglob("*.md")), *sorted(ROOT.glob("*.md")), *sorted(ROOT.glob("fn-config/*.md"))]


def outdated() -> dict[Path, tuple[str, str]]:
    """Page → its text, and the text it should have: the pages whose blocks are not up to date.

    Raises:
        BlockError: a page has a block that cannot be generated.
    """
    texts = {page: page.read_text(encoding="utf-8") for page in pages()}
    fresh = {page: regenerate(text, GENERATORS) for page, text in texts.items()}
    return {page: (texts[page], fresh[page]) for page in texts if texts[page] != fresh[page]}


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0: everything is up to date now; 1: `--check` found a difference, or a block cannot be generated."""
    parser = argparse.ArgumentParser(prog="python -m tools.docs", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="compare only; write nothing")
    options = parser.parse_args(arguments)
    try:
        differences = outdated()
    except BlockError as error:
        print(f"docs: {error}", file=sys.stderr)
        return 1
    for page, (old, new) in differences.items():
        name = str(page.relative_to(ROOT))
        if options.check:
            sys.stdout.writelines(
                difflib.unified_diff(old.splitlines(True), new.splitlines(True), name, f"{name}, generated")
            )
        else:
            page.write_text(new, encoding="utf-8")
            print(f"docs: {name} written")
    if options.check and differences:
        print("docs: the pages above are not up to date with the code: run make docs", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
