"""Time and memory of krm-otel, compared with other ways to do the same: `make bench`.

    make bench
    .venv/bin/python -m bench.run --items 1000 --rounds 3 --only large --only cold

Each contender is a separate process. They take turns, so a busy machine slows all of them; still, measure on a quiet
one. Each section writes its results to bench/results, and docs/performance.md is written from them. Nothing here fails
because of a time: a measurement is no test.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from bench import image, page, record
from bench.measuring import Failed, Row, marks, measure, others_at_work
from bench.sections import ROOT, SECTIONS
from tools.build import ToolError

IMAGE = "image"
VERSIONS = ("krm-otel", "PyYAML", "pydantic", "peer-kyaml", "peer-sdk", "kpt", "kustomize")
"""Packages and tools whose versions decide about times."""
NAMES = (*SECTIONS, IMAGE)
REPEAT = {**{name: section.repeat for name, section in SECTIONS.items()}, IMAGE: 5}
"""Section → how many rounds make one."""


def main() -> None:
    """Measures, and writes the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=10_000, help="items of the large list (10000)")
    parser.add_argument("--rounds", type=int, default=5, help="how often each contender runs (5)")
    parser.add_argument("--only", action="append", choices=NAMES, help="measure this section; may be repeated")
    arguments = parser.parse_args()
    names = [name for name in NAMES if name in (arguments.only or NAMES)]
    print(f"bench: {', '.join(names)}; {estimate(names, arguments.items, arguments.rounds)}", flush=True)
    for name in names:
        try:
            others = measure_section(name, arguments.items, arguments.rounds * REPEAT[name])
        except (Failed, ToolError) as error:
            say("")
            print(f"bench: {name} left out, its results stay as they are: {error}", flush=True)
        else:
            say("")
            print(f"bench: {name} measured; other work had {others:.2f} cores", flush=True)
    subprocess.run([sys.executable, "-m", "tools.docs"], cwd=ROOT, check=True)
    print(f"\n{page.goals()}")


def measure_section(name: str, items: int, rounds: int) -> float:
    """Measures a section, keeps its results, and returns how many cores other work had meanwhile."""
    load, since = os.getloadavg()[0], marks()
    rows = rows_of(name, items, rounds)
    others = others_at_work(since)
    measured = record.facts(*VERSIONS)
    measured["versions"]["Go"] = record.go_version()
    measured |= {"items": items, "rounds": rounds, "load": round(load, 1)}
    if name != IMAGE:  # what runs in a container is no process of ours
        measured["others"] = round(others, 2)
    record.write(name, measured | {"rows": {title: asdict(row) for title, row in rows.items()}})
    return others


def rows_of(name: str, items: int, rounds: int) -> dict[str, Row]:
    """Measures one section."""
    if name == IMAGE:
        say("image: building it")
        return image.measure(rounds)
    with tempfile.TemporaryDirectory() as folder:
        say(f"{name}: inputs")
        contenders = SECTIONS[name].contenders(Path(folder), items)
        return measure(contenders, rounds, lambda what: say(f"{name}: {what}"))


def estimate(names: list[str], items: int, rounds: int) -> str:
    """How long this will take, by what the last runs took."""
    seconds = 0.0
    for name in names:
        last = record.read(name)
        if last is None:
            return "nobody knows how long it takes: it was not measured yet"
        grows = name in SECTIONS and SECTIONS[name].grows
        once = sum(statistics.median(row["seconds"]) for row in last["rows"].values())
        once *= items / last["items"] if grows else 1
        seconds += once * (rounds * REPEAT[name] + 1.5)  # the first round takes longer, and inputs are written
    return f"about {seconds / 60:.0f} minutes, by the last results" if seconds > 60 else "about a minute"


def say(what: str) -> None:
    """One line of progress, on a terminal only; an empty one removes it."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{what[: shutil.get_terminal_size().columns - 1]}", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
