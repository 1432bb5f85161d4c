"""What the function imports, held against lists: a start costs as much as a small package's whole run.

Whoever adds an import to one of the two ways finds it here. If not every such run needs it, import it where it is
needed: inside a function at the entry of a subject, as `krm_otel.plan.classes` does with the checks of collectors. If
every run does, add it to a list, and look at `make check-instructions`.
"""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.unit.cli.command import PROGRAM, QUICKSTART, STREAM, environment

pytestmark = pytest.mark.slow  # it starts processes

WITHOUT_CLASS = b"""\
apiVersion: config.kubernetes.io/v1
kind: ResourceList
items:
- apiVersion: apps/v1
  kind: Deployment
  metadata: {name: web, namespace: demo}
  spec:
    template:
      spec:
        containers:
        - name: web
          image: web:1
"""


def words(text: str, prefix: str = "") -> frozenset[str]:
    return frozenset(prefix + word for word in text.split())


STANDARD = words("""
    __future__ bisect collections contextlib copyreg enum functools gc importlib itertools keyword operator re reprlib
    types typing warnings
""")
"""The standard library, without its private modules and without what a bare interpreter has."""
FOR_RATES = words("math")
"""The same, for rates of sampling."""
YAML = words("cython_runtime yaml yaml._yaml yaml.error yaml.events yaml.nodes yaml.tokens")
SHORT = words(
    """
    cli cli.main cli.pass_through cli.pipe dataclass diagnostics diagnostics.field_path diagnostics.result
    diagnostics.rule diagnostics.rules diagnostics.rules.inputs krm krm.envelope krm.item krm.reader krm.resource
    names regex views views.lines views.summary workloads workloads.kinds yamltext yamltext.documents
    yamltext.documents.by_events yamltext.documents.by_lines yamltext.documents.spans
    yamltext.libyaml yamltext.nodes yamltext.parse yamltext.query yamltext.shapes yamltext.shapes.lines
    yamltext.shapes.template yamltext.splices
    """,
    "krm_otel.",
)
"""Our own modules for an input that mentions nothing of krm-otel."""
PACKAGES = tuple(words("config. credential. diagnostics. inject. krm. plan. workloads. yamltext.", "krm_otel."))
"""Packages of which a class without a managed collector needs nearly all."""
NOT_OF_THEM = words(
    """
    config.reading.judged config.reading.pydantic_models diagnostics.catalogue inject.crd inject.status
    krm.cluster_objects plan.near_misses.unmatched
    plan.kustomize_generator plan.objects.assets plan.objects.planner plan.workloads.sidecar plan.workloads.scraped
    workloads.unknown_kinds
    """,
    "krm_otel.",
)
"""What is in them for faults, for collectors and for commands."""
FURTHER = words(
    """
    cli cli.main cli.pass_through cli.pipe collector collector.naming conditions config credential dataclass
    diagnostics image_reference inject krm names otlp plan proxies regex run views views.lines views.summary
    workloads yamltext
    """,
    "krm_otel.",
)
"""What else such a class needs."""


def imported(stdin: bytes, script: str = PROGRAM, code: int = 0) -> set[str]:
    """The modules that the console script imports and a bare interpreter does not, without private ones of Python.

    `code` is the exit code that it has to have.
    """
    dump = (
        "import os, sys; bare = {*sys.modules}; sys.argv = [sys.argv[1]]\n"
        "os._exit = sys.exit\n"
        "try: exec(compile(open(sys.argv[0]).read(), sys.argv[0], 'exec'))\n"
        f"except SystemExit as end: assert end.code == {code}, end.code\n"
        "sys.stderr.write('\\n' + ' '.join(sys.modules.keys() - bare))\n"
    )
    command = [sys.executable, "-c", dump, script]
    done = subprocess.run(command, input=stdin, capture_output=True, check=True, timeout=60, env=environment({}))
    names = done.stderr.decode().splitlines()[-1].split()
    roots = {name if name.startswith(("krm_otel", "yaml")) else name.partition(".")[0] for name in names}
    return {name for name in roots if not name.startswith("_") or name == "__future__"} - {"krm_otel"}


def test_an_input_without_a_class_needs_no_class_and_no_injection() -> None:
    assert imported(WITHOUT_CLASS) - STANDARD - YAML - SHORT == set()


def test_the_quickstart_needs_no_collector_no_click_and_no_pydantic() -> None:
    loaded = imported(STREAM) - STANDARD - FOR_RATES - YAML - FURTHER
    assert {name for name in loaded if not name.startswith(PACKAGES) or name in NOT_OF_THEM} == set()


def test_the_lists_have_nothing_that_is_gone() -> None:
    """What is not imported any more must not come back unseen."""
    short, long = imported(WITHOUT_CLASS), imported(STREAM)
    assert (STANDARD | YAML | SHORT) - short == set()
    assert (FOR_RATES | FURTHER) - long == set()


def test_it_is_the_same_as_a_module() -> None:
    """`python -m krm_otel` has no script."""
    module = str(QUICKSTART.parents[1] / "krm_otel" / "__main__.py")
    assert imported(WITHOUT_CLASS, module) - STANDARD - YAML - SHORT == set()


def test_pydantic_is_for_faults_only() -> None:
    assert "pydantic" not in imported(STREAM)
    assert "pydantic" in imported(STREAM.replace(b"telemetry:", b"telemetri:"), code=1)
