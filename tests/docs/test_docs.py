"""What the documentation says is so: every field, variable, code, command and option is there, and examples run.

Tables that are held have a comment before them: `<!-- fields: ConfigSpec -->`, `<!-- flat -->`, `<!-- origins: … -->`.
A fenced `yaml` block is run through the function where its first line is `# render`, or where all its objects are
OTelConfigs and ClassRuntimes; every other one has to be YAML at least.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import click
import pytest
import yaml
from click.testing import CliRunner

import krm_otel
from krm_otel import names, otlp
from krm_otel.cli.commands.group import cli
from krm_otel.config.resolve.configuration import resolve
from krm_otel.config.resolve.endpoints import DIRECT
from krm_otel.config.schema.observability import FlatTelemetry, Observability
from krm_otel.config.schema.otel_config import ConfigSpec
from krm_otel.config.schema.setting import Model
from krm_otel.config.settings import Sourced
from krm_otel.config.settings.backend_types import BACKENDS
from krm_otel.config.types import BackendType, PropagatorName
from krm_otel.config.types.tail_sampling import TYPES
from krm_otel.config.types.telemetry import PLACEHOLDERS
from krm_otel.diagnostics.catalogue import RULES
from krm_otel.diagnostics.rule import Rule
from krm_otel.krm.reader import read_envelope
from krm_otel.run import Source, run
from krm_otel.workloads.kinds import KINDS
from krm_otel.workloads.select import SKIPPED_IMAGES, SKIPPED_NAMES
from tests.support.docs import rows, table, text_of, ticked
from tools.docs import settings as settings_docs
from tools.docs.__main__ import outdated
from tools.docs.blocks import BlockError, regenerate

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.glob("*.md"))
CATALOG = ROOT / "fn-config" / "README.md"
EVERYTHING = [*PAGES, ROOT / "README.md", CATALOG]
ADRS = sorted((DOCS / "adr").glob("*.md"))
INSIDE = [ROOT / "CONTRIBUTING.md", ROOT / "changes" / "README.md", *ADRS]
"""Pages for those who work on krm-otel."""


def section(text: str, heading: str) -> str:
    """The text below a heading of the second level."""
    _, _, rest = text.partition(f"\n## {heading}\n")
    assert rest, f"no heading {heading}"
    return rest.partition("\n## ")[0]


# --- configuration ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", [Observability, FlatTelemetry, ConfigSpec])
def test_every_field_has_type_default_example_and_meaning(model: type[Model]) -> None:
    """The tables are generated, so what they show has to be declared."""
    for row in settings_docs.rows(model):
        assert row.type and row.example and row.meaning.endswith("."), row
        assert row.default or "required" in row.type, row


def test_every_allowed_word_is_documented() -> None:
    text = text_of("configuration.md")
    for word in (*get_args(PropagatorName), *get_args(BackendType), *(f"{{{name}}}" for name in PLACEHOLDERS)):
        assert f"`{word}`" in text, word
    for kind in DIRECT:
        assert f"`{kind}` (" in text or f"`{kind}`" in section(text, "Endpoints, backends, headers, TLS"), kind


def test_every_type_of_backend_is_documented_as_it_is() -> None:
    documented = {ticked(row[0]): row[1:] for row in table(text_of("collector.md"), "backends")}
    assert documented.keys() == BACKENDS.keys() == set(get_args(BackendType))
    for name, (signals, exporter, path, address, _) in documented.items():
        kind = BACKENDS[name]
        assert set(signals.split(", ")) == kind.signals, name
        assert exporter == (f"`{kind.kind}`" if kind.kind else "`otlp_grpc` or `otlp_http`"), name
        assert path.strip("`") == kind.path, name
        assert address.strip("`") == (kind.address or "none"), name


def test_the_example_of_precedence_gives_these_values_and_origins() -> None:
    text = text_of("configuration.md")
    example = block_behind(text, "origins: input")
    environ = dict(line.split("=", 1) for line in block_behind(text, "origins: environment").splitlines())
    resources = [item.resource for item in read_envelope(example).items]
    configuration, results = resolve(None, [r for r in resources if r is not None], environ)
    assert not [r.line() for r in results if r.severity == "error"]
    settings = configuration.classes[0].settings
    assert settings is not None
    for name, value, source in table(text, "origins: table"):
        sourced: Sourced[Any] = (
            settings.resource_attributes[rest]
            if (rest := ticked(name).removeprefix("resource_attributes.")) != ticked(name)
            else getattr(settings, rest)
        )
        shown = sourced.value
        shown = getattr(shown, "url", ",".join(shown) if isinstance(shown, tuple) else str(shown))
        assert (shown, str(sourced.origin)) == (ticked(value), ticked(source)), name


def block_behind(text: str, mark: str) -> str:
    found = re.search(rf"<!-- {re.escape(mark)} -->\n\n```\w+\n(.*?)```", text, re.DOTALL)
    assert found, mark
    return found[1]


# --- injection and matching ---------------------------------------------------------------------------------------

NOT_INJECTED = {"E_FEATURE", "E_PREFIX"}
SEEN_ONLY = {"E_CONFIG_FILE", "E_EXPERIMENTAL_CONFIG_FILE", "E_TEMPORALITY", "E_DISABLED"}


def variables() -> dict[str, str]:
    found = {key: value for key, value in vars(names).items() if key.startswith("E_") and key not in NOT_INJECTED}
    return {**found, **{signal: otlp.exporter_variable(signal) for signal in otlp.SIGNALS}}


def test_every_variable_is_documented_and_no_other() -> None:
    text = text_of("injection.md")
    for name in variables().values():
        assert f"`{name}`" in text, name
    injected = {value for key, value in variables().items() if key not in SEEN_ONLY}
    injected |= {name.replace("OTLP_", "OTLP_<SIGNAL>_", 1) for name in injected if "_OTLP_" in name}
    injected |= {f"{names.HELPER_PREFIX}HEADER_<NAME>", f"{names.HELPER_PREFIX}<SIGNAL>_HEADER_<NAME>"}
    documented = {name for row in rows(section(text, "Variables")) for name in re.findall(r"`([^`]+)`", row[0])}
    assert documented == injected


def test_every_name_that_users_write_is_documented() -> None:
    text = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    for key, value in vars(names).items():
        if key in ("A_PREVIOUS_NAMES", "A_RECORD", "A_GENERATED_BY") or key.startswith("L_"):
            assert f"`{value}" in text, value
    for name in (names.A_CLASS, names.A_INJECT, names.A_CONTAINERS, names.A_PROTOCOL, names.A_RESOURCE_PREFIX):
        assert f"`{name}" in text_of("matching.md"), name


def test_every_kind_proxy_and_agent_is_documented() -> None:
    text = text_of("matching.md")
    table_of_kinds = section(text, "Kinds")
    for (group, kind), info in KINDS.items():
        path = ".".join(info.template_path) or "the object itself"
        row = next(
            row for row in rows(table_of_kinds) if row[0] == (f"`{group}`" if group else "(core)") and kind in row[1]
        )
        assert path in row[2].replace("`", "")
    for pattern in (*SKIPPED_NAMES, *SKIPPED_IMAGES):
        assert f"`{pattern}`" in section(text, "Which containers"), pattern


# --- results and commands -----------------------------------------------------------------------------------------


def test_every_result_code_is_documented_and_no_other() -> None:
    documented = re.findall(r"^### `(.+)`$", text_of("results.md"), re.MULTILINE)
    assert sorted(documented) == sorted(RULES)
    assert set(documented) <= anchors(DOCS / "results.md")


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.code)
def test_links_of_a_rule_resolve(rule: Rule) -> None:
    assert broken_links(DOCS / "results.md", f"{rule.meaning} {rule.remedy}") == []


# --- what is generated --------------------------------------------------------------------------------------------


def test_generated_blocks_are_up_to_date() -> None:
    assert [str(page) for page in outdated()] == [], "run make docs"


def test_a_block_is_replaced_between_its_marks() -> None:
    page = "a\n<!-- generated: x -->\nold\n<!-- end -->\nb\n"
    fresh = "a\n<!-- generated: x -->\n\nnew\n\n<!-- end -->\nb\n"
    assert regenerate(page, {"x": lambda: "new\n"}) == fresh
    assert regenerate(fresh, {"x": lambda: "new"}) == fresh


@pytest.mark.parametrize("page", ["<!-- generated: x -->\nold\n", "<!-- generated: y -->\n<!-- end -->\n"])
def test_a_mark_without_end_or_generator_is_an_error(page: str) -> None:
    with pytest.raises(BlockError):
        regenerate(page, {"x": lambda: "new"})


def test_every_type_of_policy_is_documented() -> None:
    (listed,) = re.findall(r"`policies` takes the collector's types: (.*?)\.\s", text_of("sampling.md"), re.DOTALL)
    assert re.findall(r"`(\w+)`", listed) == list(TYPES)


def commands() -> dict[str, click.Command]:
    assert isinstance(cli, click.Group)
    context = click.Context(cli)
    found = {name: cli.get_command(context, name) for name in cli.list_commands(context)}
    return {"krm-otel": cli, **{f"krm-otel {name}": command for name, command in found.items() if command}}


def test_every_command_is_documented_and_no_other() -> None:
    assert re.findall(r"^## `(.+)`$", text_of("cli.md"), re.MULTILINE) == list(commands())


@pytest.mark.parametrize("name", commands())
def test_every_option_is_documented_and_no_other(name: str) -> None:
    text = section(text_of("cli.md"), f"`{name}`")
    documented = {
        option
        for row in rows(text)
        for cell in re.findall(r"`([^`]+)`", row[0])
        if (option := cell.split()[0]).startswith("-")
    }
    above = cli.make_context("krm-otel", [], resilient_parsing=True)
    parameters = commands()[name].get_params(click.Context(commands()[name], parent=above))
    options = [parameter for parameter in parameters if isinstance(parameter, click.Option)]
    assert documented == {spelling for option in options for spelling in option.opts}
    for option in options:
        if isinstance(option.type, click.Choice):
            assert all(f"`{choice}`" in text for choice in option.type.choices), option.name
        if isinstance(option.envvar, str):
            assert option.envvar in text_of("cli.md")


CLASS = """\
apiVersion: oaas.io/v1alpha1
kind: ClassRuntime
metadata: {name: echo}
spec:
  observability:
    enabled: true
    telemetry: {propagators: [w3c]}
    collector: {endpoint: "http://c:4317"%s}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: echo}
spec: {template: {spec: {containers: [{name: function, image: ghcr.io/acme/echo}]}}}
"""


@pytest.mark.parametrize(
    ("arguments", "text", "code"),
    [
        ([], CLASS % "", 0),
        ([], CLASS % ", endpont: x", 1),
        ([], "a: [", 1),
        (["--wrong"], "", 2),
        (["render", "-"], CLASS % "", 0),
        (["render", "-"], CLASS % ", endpont: x", 1),
        (["diff", "-"], "a: b\n", 0),
        (["diff", "-"], CLASS % "", 1),
        (["diff", "-"], CLASS % ", endpont: x", 2),
        (["validate", "-"], CLASS % "", 0),
        (["validate", "-"], CLASS % ", endpont: x", 1),
        (["uninject", "-"], CLASS % ", endpont: x", 0),
        (["uninject"], "", 2),
    ],
)
def test_exit_codes_are_as_documented(arguments: list[str], text: str, code: int) -> None:
    assert CliRunner(env={"KRM_OTEL_REPORT": None}).invoke(cli, arguments, input=text).exit_code == code


# --- examples and links -------------------------------------------------------------------------------------------


def fences(page: Path) -> Iterator[tuple[str, str, str]]:
    """(place, language, text) of every fenced block."""
    text = page.read_text(encoding="utf-8")
    for found in re.finditer(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        yield f"{page.name}:{text.count(chr(10), 0, found.start()) + 1}", found[1], found[2]


EXAMPLES = {place: text for page in EVERYTHING for place, language, text in fences(page) if language == "yaml"}


def is_ours(text: str) -> bool:
    documents = [document for document in yaml.safe_load_all(text) if document is not None]
    return all(isinstance(d, dict) and d.get("kind") in (names.CONFIG_KIND, names.CLASS_KIND) for d in documents)


def test_there_are_examples() -> None:
    assert sum(text.startswith("# render") or is_ours(text) for text in EXAMPLES.values()) >= 5


@pytest.mark.parametrize("place", EXAMPLES)
def test_examples_run_without_errors(place: str) -> None:
    text = EXAMPLES[place]
    list(yaml.safe_load_all(text))
    if text.startswith("# render") or is_ours(text):
        outcome = run([Source(text.encode())], {})
        loud = [result.line() for result in outcome.results if result.severity == "error"]
        assert loud == []


def test_fences_name_a_language() -> None:
    """A bare fence is no example that anybody checks."""
    assert [place for page in EVERYTHING for place, language, _ in fences(page) if not language] == []


def anchors(page: Path) -> set[str]:
    """Anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken_links(page: Path, text: str) -> list[str]:
    """The targets of a text's links that do not exist, as seen from a page."""
    broken: list[str] = []
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"https?://", target):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        if not file.exists() or (anchor and anchor not in anchors(file)):
            broken.append(target)
    return broken


def prose(page: Path) -> str:
    """A page without its fenced blocks."""
    return re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", [*EVERYTHING, *INSIDE], ids=lambda page: str(page.relative_to(ROOT)))
def test_links_resolve(page: Path) -> None:
    assert broken_links(page, prose(page)) == []


def test_every_page_is_in_the_index() -> None:
    index = text_of("README.md")
    assert [page.name for page in PAGES if page.name != "README.md" and f"]({page.name})" not in index] == []


def test_a_catalog_finds_what_it_asks_for() -> None:
    """As the functions catalog has it: metadata, and a README of four sections; a version, and no `latest`."""
    metadata = yaml.safe_load((ROOT / "metadata.yaml").read_text())
    assert metadata["image"] == f"localhost/krm-otel:{krm_otel.__version__}"
    assert all((ROOT / folder / "README.md").exists() for folder in metadata["examplePackages"])
    text = CATALOG.read_text()
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == ["Overview", "Usage", "FunctionConfig", "Examples"]
    assert set(re.findall(r"krm-otel:([\w.]+)", text)) == {krm_otel.__version__}


def test_nothing_tells_of_the_machine() -> None:
    for page in PAGES:
        found = re.findall(r"/(?:work|root|home|Users|tmp)/\S*", page.read_text(encoding="utf-8"))
        assert found == [], page.name


# --- faults -------------------------------------------------------------------------------------------------------


def test_every_scenario_names_the_test_that_holds_it() -> None:
    found = table(text_of("faults.md"), "faults")
    assert len(found) >= 10
    for scenario, what, held in found:
        file, _, name = ticked(held).partition("::")
        assert f"\ndef {name}(" in (ROOT / file).read_text(encoding="utf-8"), scenario
        assert what.endswith("."), scenario


# --- the guide for contributors -----------------------------------------------------------------------------------


def defined_names(file: Path) -> set[str]:
    """The module's own name, and the names of its functions, classes, methods and constants."""
    nodes = ast.walk(ast.parse(file.read_text(encoding="utf-8")))
    names_in_file = {file.stem}
    for node in nodes:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names_in_file.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names_in_file |= {target.id for target in targets if isinstance(target, ast.Name)}
    return names_in_file


def test_the_walk_names_functions_of_the_files_that_it_links_to() -> None:
    links = re.findall(r"\[`([\w.]+)`\]\(([\w/]+\.py)\)", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))
    assert len(links) >= 15
    assert [(name, file) for name, file in links if name not in defined_names(ROOT / file)] == []


def test_every_command_of_the_guide_is_a_target_of_make() -> None:
    targets = re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    guide = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert sorted(set(re.findall(r"`make ([a-z0-9-]+)", guide)) - set(targets)) == []
