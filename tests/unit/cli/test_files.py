"""Files in and out: what is read, what is written where, and what is said when that cannot be."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.unit.cli.command import CLASS, PROGRAM, STREAM, WORKLOADS, files, krm_otel, written

BROKEN = b"{{ if .Values.x }}\na: [\n"
MANAGED = b"""\
apiVersion: oaas.io/v1alpha1
kind: ClassRuntime
metadata: {name: hello-class, namespace: shop}
spec: {observability: {enabled: true, collector: {mode: deployment, exporters: {traces: debug, metrics: debug}}}}
"""
NODES = b"""\
apiVersion: fn.oaas.io/v1alpha1
kind: OTelConfig
metadata: {name: otel}
spec:
  collector:
    mode: daemonset
    daemonset: {manage: true, namespace: observability}
    exporters: {traces: debug, metrics: debug}
"""
PLATFORM = b"""\
apiVersion: fn.oaas.io/v1alpha1
kind: OTelConfig
metadata: {name: otel}
spec:
  telemetry: {propagators: [w3c]}
  collector: {mode: deployment, exporters: {traces: debug, metrics: debug}}
  platform: {enabled: true, components: {gateway: {match_labels: {app: gateway}}}}
"""
GATEWAY = b"""\
apiVersion: apps/v1
kind: Deployment
metadata: {name: gateway, namespace: %s, labels: {app: gateway}}
spec: {template: {spec: {containers: [{name: gateway, image: acme/gateway}]}}}
"""


# --- what is read ----------------------------------------------------------------------------------------------------


def test_a_file_that_is_not_yaml_stays_out_of_the_stream(apps: Path, tmp_path: Path) -> None:
    """The stream would not be YAML either; a folder gets it as it is."""
    alone = krm_otel("render", apps).stdout
    written(apps, {"a-template.yaml": BROKEN})
    done = krm_otel("render", apps)
    assert (done.returncode, done.stdout) == (0, alone)
    assert b"warning" in done.stderr and b"a-template.yaml" in done.stderr
    assert krm_otel("render", apps, "-o", tmp_path / "out").returncode == 0
    assert files(tmp_path / "out")["a-template.yaml"] == BROKEN


@pytest.mark.parametrize(
    "order", [["apps", "apps"], ["apps", "./apps/base"], ["apps", "link"], ["apps", "apps/base/workloads.yaml"]]
)
def test_a_file_is_read_once(apps: Path, order: list[str]) -> None:
    """However often it is given, and by whatever path."""
    (apps.parent / "link").symlink_to(apps)
    once = krm_otel("render", "apps", cwd=apps.parent)
    again = krm_otel("render", *order, cwd=apps.parent)
    assert (again.stdout, again.stderr) == (once.stdout, once.stderr)


def test_a_link_is_written_through(apps: Path) -> None:
    """It stays a link, and what it points to changes, wherever in the folder that is."""
    shared = written(apps.parent, {"shared/workloads.yaml": WORKLOADS}) / "shared" / "workloads.yaml"
    (apps / "base" / "workloads.yaml").unlink()
    (apps / "base" / "workloads.yaml").symlink_to(shared)
    (apps / "also.yaml").symlink_to(shared)
    assert krm_otel("render", apps, "-o", apps).returncode == 0
    assert (apps / "base" / "workloads.yaml").is_symlink() and (apps / "also.yaml").is_symlink()
    assert b"OTEL_" in shared.read_bytes()
    assert krm_otel("uninject", apps, "-o", apps).returncode == 0
    assert shared.read_bytes() == WORKLOADS


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"kind: OTelConfig\n---\nkind: OTelConfig\n", b"the file has 2 documents"),
        (b"# nothing\n", b"the file has no object"),
    ],
)
def test_a_function_config_is_one_object(apps: Path, text: bytes, said: bytes) -> None:
    """The first of two is not taken for what was meant."""
    written(apps.parent, {"otel.yaml": text})
    for command in ("render", "diff", "uninject", "validate"):
        done = krm_otel(command, apps, "-c", apps.parent / "otel.yaml")
        assert (done.returncode, done.stdout) == (2, b"")
        assert said in done.stderr


def test_a_function_config_may_start_and_end_as_a_document(apps: Path) -> None:
    """Marks make no second document."""
    written(apps.parent, {"otel.yaml": b"# ours\n---\n" + PLATFORM.split(b"spec:")[0] + b"---\n"})
    assert krm_otel("validate", apps, "-c", apps.parent / "otel.yaml").returncode == 0


# --- where generated files land --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("contents", "config", "new"),
    [
        ({"a/class.yaml": MANAGED, "a/b/w.yaml": WORKLOADS}, None, ["a/hello-class-otel.yaml"]),
        ({"a/b/w.yaml": WORKLOADS}, MANAGED, ["a/b/hello-class-otel.yaml"]),
        ({"a/b/w.yaml": WORKLOADS}, NODES, ["a/b/oaas-otel.yaml"]),
        ({"a/empty.yaml": b"# later\n"}, NODES, ["a/krm-otel.yaml"]),
        ({"a/empty.yaml": b"", "b.yaml": BROKEN}, MANAGED, ["krm-otel.yaml"]),
        (
            {"a/x.yaml": GATEWAY % b"one", "b/x.yaml": GATEWAY % b"two"},
            PLATFORM,
            ["a/oaas-platform-otel.yaml", "b/oaas-platform-otel.yaml"],
        ),
    ],
)
def test_generated_files_are_next_to_their_class(
    tmp_path: Path, contents: dict[str, bytes], config: bytes | None, new: list[str]
) -> None:
    """In place and elsewhere, with a function config that is in no folder; diff names the same files."""
    apps = written(tmp_path / "apps", contents)
    options: list[str | Path] = []
    if config is not None:
        options = ["-c", written(tmp_path, {"otel.yaml": config}) / "otel.yaml"]
    headers = [line for line in krm_otel("diff", apps, *options).stdout.decode().splitlines() if line.startswith("+++")]
    assert {f"+++ b{apps / name}" for name in new} <= set(headers)
    for folder in (tmp_path / "out", apps):
        assert krm_otel("render", apps, *options, "-o", folder).returncode == 0
        assert files(folder).keys() == contents.keys() | set(new)
    after = files(apps)
    assert krm_otel("render", apps, *options, "-o", apps).returncode == 0
    assert files(apps) == after
    assert krm_otel("uninject", apps, *options, "-o", apps).returncode == 0
    assert files(apps) == contents


def test_generated_files_of_single_files(tmp_path: Path) -> None:
    """Files that are given by name land in one folder, and so does what is generated."""
    written(tmp_path, {"a/class.yaml": MANAGED, "b/w.yaml": WORKLOADS})
    done = krm_otel("render", "a/class.yaml", "b/w.yaml", "-o", "out", cwd=tmp_path)
    assert done.returncode == 0
    assert files(tmp_path / "out").keys() == {"class.yaml", "w.yaml", "hello-class-otel.yaml"}


def test_generated_files_never_replace_another_file(tmp_path: Path) -> None:
    """Two of one name, or one of a file that could not be read: nothing is written."""
    written(tmp_path, {"a/x.yaml": GATEWAY % b"one", "b/y.yaml": GATEWAY % b"two", "otel.yaml": PLATFORM})
    done = krm_otel("render", "a/x.yaml", "b/y.yaml", "-c", "otel.yaml", "-o", "out", cwd=tmp_path)
    assert done.returncode == 2
    assert b"two files would be written to out/oaas-platform-otel.yaml" in done.stderr
    assert not (tmp_path / "out").exists()
    mine = written(tmp_path / "mine", {"class.yaml": MANAGED, "w.yaml": WORKLOADS, "hello-class-otel.yaml": BROKEN})
    before = files(mine)
    assert krm_otel("render", mine, "-o", mine).returncode == 2
    assert files(mine) == before


# --- what cannot be read or written ----------------------------------------------------------------------------------


def test_a_target_that_cannot_be_written_is_named(apps: Path) -> None:
    """A sentence, exit 2, and not a word of a bug."""
    written(apps.parent, {"out/base": b"x"})
    done = krm_otel("render", apps, "-o", apps.parent / "out")
    assert done.returncode == 2
    assert done.stderr.decode().endswith(f"Error: cannot write {apps.parent}/out/base/workloads.yaml: File exists\n")


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [[], ["render", "-"], ["uninject", "-"], ["diff", "-"], ["validate", "-"]])
def test_standard_streams_that_cannot_be_used(arguments: list[str]) -> None:
    """A full disk, closed streams, one that is only for writing."""
    stream = (STREAM + CLASS).replace(b"telemetry:", b"telemetri:", 1) if arguments[:1] == ["validate"] else STREAM
    for redirect, said in (
        (">/dev/full", "cannot write to standard output: No space left on device"),
        (">&-", "cannot write to standard output: it is closed"),
        ("0>/dev/null", "cannot read standard input: Bad file descriptor"),
        ("<&-", "cannot read standard input: it is closed"),
    ):
        done = shell(f'"$0" "$@" {redirect}', *arguments, stdin=stream)
        assert done.returncode == 2
        assert done.stderr.decode().splitlines()[-1] == f"Error: {said}"


@pytest.mark.slow
@pytest.mark.parametrize("redirect", ["2>/dev/full", "2>&-"])
def test_standard_error_that_cannot_be_used_changes_nothing(redirect: str) -> None:
    done = shell(f'"$0" {redirect}', stdin=STREAM)
    assert (done.returncode, done.stdout) == (0, krm_otel(stdin=STREAM).stdout)


@pytest.mark.slow
def test_a_closed_pipe_is_not_an_error() -> None:
    """As other Unix tools: not a word."""
    done = shell('"$0" | head -1', stdin=STREAM + b"---\n" + b"#" * 1_000_000 + b"\nkind: ConfigMap\n")
    assert done.stdout.splitlines() == STREAM.splitlines()[:1]
    assert b"Error" not in done.stderr and b"error" not in done.stderr


def shell(script: str, *arguments: str, stdin: bytes) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["bash", "-c", script, PROGRAM, *arguments], input=stdin, capture_output=True, check=False)


# --- the report ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["", "render", "uninject", "diff", "validate"])
def test_a_failing_report_writes_no_files(apps: Path, command: str) -> None:
    """It is written first."""
    before = files(apps)
    where: list[str | Path] = ["-o", apps] if command in ("render", "uninject") else []
    arguments: list[str | Path] = [command, apps, *where] if command else []
    done = krm_otel(*arguments, stdin=STREAM, KRM_OTEL_REPORT="no/such/folder.json")
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.decode() == "Error: cannot write the report no/such/folder.json: No such file or directory\n"
    assert files(apps) == before


@pytest.mark.parametrize("command", ["", "render", "uninject", "diff", "validate"])
def test_an_empty_variable_writes_no_report(apps: Path, command: str) -> None:
    """As if it were not there."""
    arguments: list[str | Path] = [command, apps] if command else []
    without, empty = krm_otel(*arguments, stdin=STREAM), krm_otel(*arguments, stdin=STREAM, KRM_OTEL_REPORT="")
    assert (empty.returncode, empty.stdout, empty.stderr) == (without.returncode, without.stdout, without.stderr)


def test_the_report_option_may_precede_the_command(apps: Path) -> None:
    """The option is the function's and every command's."""
    report = apps.parent / "report.json"
    assert krm_otel("--report", report, "validate", apps).returncode == 0
    assert [result["severity"] for result in json.loads(report.read_text())["results"]] == ["info"]


@pytest.mark.parametrize("command", ["render", "diff", "validate", "uninject"])
def test_a_named_file_must_be_readable(apps: Path, command: str) -> None:
    """In a folder other files lie about; who names one means it."""
    (apps / "broken.yaml").write_bytes(BROKEN)
    named = krm_otel(command, apps / "classruntime.yaml", apps / "broken.yaml")
    assert named.returncode == (2 if command == "diff" else 1)
    assert b"broken.yaml:2:1: error[unreadable-input] the input is not YAML or JSON" in named.stderr + named.stdout
    assert krm_otel(command, apps).returncode == (1 if command == "diff" else 0)
