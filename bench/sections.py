"""What `make bench` measures: a section is a set of contenders that take turns, on inputs of the same kind.

Names of contenders are `WHAT` or `WHAT @ INPUT`: a page shows the second kind as a table with a row for each input.
"""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import redirect_stdout
from dataclasses import dataclass
from functools import cache
from io import StringIO
from pathlib import Path
from typing import Any, Final

from bench import inputs
from bench.measuring import Contender, Failed
from tools.build import TOOLS, provide

ROOT: Final = Path(__file__).parents[1]
CORPUS: Final = ROOT.parent / "shared" / "corpus"
"""Real ResourceLists beside the checkout, named HOW-OWNER+REPOSITORY. They are not ours to publish."""
SCRIPT: Final = Path(sys.executable).with_name("krm-otel")
PYTHON: Final = sys.executable
LOAD_AND_DUMP: Final = (
    "import sys, yaml; "
    "yaml.dump(yaml.load(sys.stdin.buffer, yaml.CSafeLoader), sys.stdout, yaml.CSafeDumper, sort_keys=False)"
)
SDK, KYAML = "kpt's SDK", "kyaml"
INJECTED, OFF, NOTHING = "krm-otel, injected", "krm-otel, class off", "krm-otel, nothing of ours"
IDENTITY: Final = "nothing done"


@dataclass(frozen=True)
class Section:
    """A set of contenders.

    Attributes:
        contenders: a folder for inputs, and the number of items of the large list → name → contender.
        repeat: how many rounds make one: short runs need more.
        grows: whether its inputs grow with that number.
    """

    contenders: Callable[[Path, int], dict[str, Contender]]
    repeat: int = 1
    grows: bool = True


def peers() -> dict[str, Path]:
    """Name → executable of the functions in Go that do the same."""
    return {SDK: tool("peer-sdk"), KYAML: tool("peer-kyaml")}


@cache
def tool(name: str) -> Path:
    """A pinned tool, built if it has to be."""
    with redirect_stdout(StringIO()):  # the terminal has one line, which says what is measured
        provide(TOOLS[name])
    return TOOLS[name].path


def large(folder: Path, items: int) -> dict[str, Contender]:
    """One large list, in every way."""
    enabled, off, nothing = (folder / f"{name}.yaml" for name in ("enabled", "off", "nothing"))
    _write(enabled, inputs.resource_list(items))
    _write(off, inputs.resource_list(items, enabled=False))
    _write(nothing, inputs.resource_list(items, ours=False))
    injected, other = folder / "injected.yaml", folder / "other.yaml"
    _output(enabled, injected)
    with injected.open(encoding="utf-8", newline="") as lines:
        _write(other, inputs.other_values(lines))

    def ours(source: Path, *words: str, one_core: bool = True) -> Contender:
        return Contender((SCRIPT, *words), source, items, one_core)

    found = {
        INJECTED: ours(enabled),
        f"{INJECTED}, two cores": ours(enabled, one_core=False),
        "krm-otel, again, nothing changes": ours(injected),
        "krm-otel, again, other values": ours(other),
        "krm-otel uninject": ours(injected, "uninject", "-"),
        OFF: ours(off),
        f"{OFF}, two cores": ours(off, one_core=False),
        NOTHING: ours(nothing),
    }
    for name, executable in peers().items():
        found[f"{name}, injected"] = Contender((executable,), enabled, items)
        found[f"{name}, injected, one core"] = Contender((executable,), enabled, items, one_core=True)
        found[f"{name}, {IDENTITY}"] = Contender((executable, "identity"), enabled, items)
    found["PyYAML (C), load and dump"] = Contender((PYTHON, "-c", LOAD_AND_DUMP), enabled, items, one_core=True)
    found["cat"] = Contender(("cat",), enabled, items)
    return found


def sizes(folder: Path, items: int) -> dict[str, Contender]:
    """Lists of several sizes. The largest one is left to krm-otel: a peer would need all memory of the machine."""
    found = {}
    for count in (items // 100, items // 10, items, items * 10):
        for what, enabled in ((INJECTED, True), (OFF, False)):
            path = folder / f"{count}-{enabled}.yaml"
            _write(path, inputs.resource_list(count, enabled=enabled))
            found[f"{what} @ {count:,} items"] = Contender((SCRIPT,), path, count, one_core=True)
        if count <= items:
            for name, executable in peers().items():
                path = folder / f"{count}-True.yaml"
                found[f"{name}, injected @ {count:,} items"] = Contender((executable,), path, count)
    return found


def cold(folder: Path, _items: int) -> dict[str, Contender]:
    """Packages as small as most are: the start is all that counts."""
    quickstart, workloads = folder / "quickstart.yaml", folder / "workloads.yaml"
    _write(quickstart, [inputs.quickstart()])
    _write(workloads, [inputs.quickstart(ours=False)])
    found = {
        "python -c pass": Contender((PYTHON, "-c", "pass")),
        "krm-otel, quickstart": Contender((SCRIPT,), quickstart, 3),
        "krm-otel, no class": Contender((SCRIPT,), workloads, 2),
        "python -I -c pass": Contender((PYTHON, "-I", "-c", "pass")),
        "python -I krm-otel, quickstart": Contender((PYTHON, "-I", SCRIPT), quickstart, 3),
        "python -I krm-otel, no class": Contender((PYTHON, "-I", SCRIPT), workloads, 2),
    }
    return found | {f"{name}, quickstart": Contender((path,), quickstart, 3) for name, path in peers().items()}


def corpus(folder: Path, _items: int) -> dict[str, Contender]:
    """Real lists, with a class that all their workloads belong to."""
    found = {}
    for source in sorted(CORPUS.glob("*+*.yaml")):
        name, path = source.stem.partition("-")[2].replace("+", "/"), folder / source.name
        items = _apart(with_class, source, path)
        found[f"krm-otel @ {name}"] = Contender((SCRIPT,), path, items, one_core=True)
        for peer, executable in peers().items():
            found[f"{peer} @ {name}"] = Contender((executable,), path, items)
    if not found:
        raise Failed(f"no real lists at {CORPUS}")
    return found


def with_class(source: Path, target: Path) -> int:
    """Writes a list with a class for all its workloads, and returns how many items it had."""
    from krm_otel.krm.reader import read_envelope
    from tests.corpus.written import with_class

    text = source.read_text(encoding="utf-8")
    target.write_text(with_class(text).text, encoding="utf-8")
    return len(read_envelope(text).items)


def clients(folder: Path, items: int) -> dict[str, Contender]:
    """kpt and kustomize over a package of a twentieth of the items, a file for each; `cat` shows their own share."""
    package, count = folder / "package", items // 20
    package.mkdir()
    names = []
    for name, text in inputs.files(count):
        (package / name).write_text(text, encoding="utf-8")
        names.append(name)
    found = {}
    for number, (what, function) in enumerate({"cat": Path("/bin/cat"), "krm-otel": SCRIPT, **peers()}.items()):
        evaluate = (tool("kpt"), "fn", "eval", package, "--output", "stdout", "--exec", shlex.quote(str(function)))
        found[f"{what} @ kpt fn eval"] = Contender(evaluate, items=count)
        build = folder / f"build-{number}"
        _kustomization(build, package, names, function)
        flags = ("--enable-alpha-plugins", "--enable-exec", "--load-restrictor", "LoadRestrictionsNone")
        found[f"{what} @ kustomize build"] = Contender((tool("kustomize"), "build", *flags, build), items=count)
    return found


def packages(folder: Path, items: int) -> dict[str, Contender]:
    """A tenth as many packages as there are items elsewhere, each of the size of the quickstart, in one process.

    They are rendered in place, as in a repository: each round has a fresh copy.
    """
    source, work, count = folder / "packages", folder / "work", items // 10
    for number in range(count):
        shutil.copytree(inputs.QUICKSTART, source / f"{number:05}")
    one = source / "00000"

    def copy() -> None:
        shutil.rmtree(work, ignore_errors=True)
        shutil.copytree(source, work)

    return {
        "all packages": Contender((SCRIPT, "render", "--packages", work, "--output", work), items=count, before=copy),
        "one package": Contender((SCRIPT, "render", one), items=1),
    }


SECTIONS: Final = {
    "large": Section(large),
    "sizes": Section(sizes),
    "cold": Section(cold, repeat=5, grows=False),
    "corpus": Section(corpus, grows=False),
    "clients": Section(clients),
    "packages": Section(packages),
}


def _kustomization(folder: Path, package: Path, names: list[str], function: Path) -> None:
    from tests.tools.clients import as_function, write_kustomization

    folder.mkdir()
    config: dict[str, Any] = {"apiVersion": "fn.oaas.io/v1alpha1", "kind": "OTelConfig", "metadata": {"name": "otel"}}
    (folder / "function.yaml").write_text(as_function({**config, "spec": {}}, [function]), encoding="utf-8")
    resources = [f"../{package.name}/{name}" for name in names]
    write_kustomization(folder, resources=resources, transformers=["function.yaml"])


def _write(path: Path, pieces: Iterator[str] | list[str]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        file.writelines(pieces)


def _output(source: Path, target: Path) -> None:
    with source.open("rb") as stdin, target.open("wb") as stdout:
        subprocess.run([SCRIPT], stdin=stdin, stdout=stdout, stderr=subprocess.DEVNULL, check=True)


def _apart(function: Callable[[Path, Path], int], *arguments: Path) -> int:
    """The answer of a process of its own: the memory that it takes would count for those that this one starts."""
    with ProcessPoolExecutor(1) as pool:
        return pool.submit(function, *arguments).result()
