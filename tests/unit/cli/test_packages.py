"""`--packages`: each folder in a PATH is run as if krm-otel had been called for it alone."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from krm_otel.cli import work
from krm_otel.run import run
from tests.unit.cli.command import CLASS, STREAM, WORKLOADS, krm_otel, written

OFF = CLASS.replace(b"enabled: true", b"enabled: false")
MANAGED = CLASS.replace(
    b"mode: external\n      endpoint: http://otel-collector.observability:4317", b"mode: deployment"
)
BROKEN = CLASS.replace(b"mode: external", b"mode: nowhere")
CONFIG = b"apiVersion: fn.oaas.io/v1alpha1\nkind: OTelConfig\nmetadata: {name: otel}\nspec: {%s}\n"
RATE = CONFIG % b"telemetry: {sampling_rate: 0.9}"

EXTERNAL, GENERATES, TURNED_OFF, FAULTY, TEMPLATED, LINKED, LINKED_TOO = (
    "external", "generates", "off", "faulty", "templated", "linked", "linked-too"
)  # fmt: skip
NAMES = sorted([EXTERNAL, GENERATES, TURNED_OFF, FAULTY, TEMPLATED, LINKED, LINKED_TOO])


def monorepo(root: Path) -> Path:
    """Packages of every sort; the one that is turned off, and one whose class is gone, have been rendered before."""
    written(
        root / "apps",
        {
            f"{EXTERNAL}/class.yaml": CLASS,
            f"{EXTERNAL}/base/workloads.yaml": WORKLOADS,
            f"{EXTERNAL}/otel.yaml": CONFIG % b"telemetry: {propagators: [w3c, b3]}",
            f"{GENERATES}/class.yaml": MANAGED,
            f"{GENERATES}/workloads.yaml": WORKLOADS,
            f"{GENERATES}/.krmignore": b"charts/\n",
            f"{GENERATES}/charts/values.yaml": b"a: [\n",
            f"{GENERATES}/otel.yaml": CONFIG % b"",
            f"{TURNED_OFF}/class.yaml": MANAGED,
            f"{TURNED_OFF}/workloads.yaml": WORKLOADS,
            f"{FAULTY}/class.yaml": BROKEN,
            f"{FAULTY}/workloads.yaml": WORKLOADS,
            f"{TEMPLATED}/all.yaml": STREAM,
            f"{TEMPLATED}/template.yaml": b"{{ if .Values.x }}\na: [\n",
            f"{LINKED}/class.yaml": CLASS,
            f"{LINKED_TOO}/class.yaml": OFF,
            "../shared/workloads.yaml": WORKLOADS,
        },
    )
    for name in (LINKED, LINKED_TOO):
        (root / "apps" / name / "workloads.yaml").symlink_to("../../shared/workloads.yaml")
    assert krm_otel("render", f"apps/{TURNED_OFF}", "-o", f"apps/{TURNED_OFF}", cwd=root).returncode == 0
    (root / "apps" / TURNED_OFF / "class.yaml").write_bytes(OFF)
    return root


def everything(root: Path) -> dict[str, bytes | str]:
    """All files and links below a folder, hidden ones too."""
    paths = [path for path in root.rglob("*") if path.is_symlink() or path.is_file()]
    return {
        str(path.relative_to(root)): str(path.readlink()) if path.is_symlink() else path.read_bytes() for path in paths
    }


def report(root: Path, name: str) -> dict[str, Any]:
    """A report; results in an order of their own, since that of many packages has the errors of all first."""
    path = root / name
    data: dict[str, Any] = json.loads(path.read_text())
    path.unlink()
    data["results"].sort(key=json.dumps)
    return data


# --- as one run for each ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["render", "uninject"])
@pytest.mark.parametrize("output", ["apps", "out"])
@pytest.mark.parametrize("config", [None, RATE])
def test_each_package_is_as_if_run_alone(tmp_path: Path, command: str, output: str, config: bytes | None) -> None:
    """The same files to the byte, the same results, actions and exit code, also on a second run."""
    one, many = monorepo(tmp_path / "one"), monorepo(tmp_path / "many")
    options = ["-c", "otel.yaml"] if config else []
    for root in (one, many):
        written(root, {"otel.yaml": config} if config else {})
    for _ in range(2):
        codes, reports = [], []
        for name in NAMES:
            arguments = [f"apps/{name}", "-o", f"{output}/{name}", "--report", "report.json", *options]
            codes.append(krm_otel(command, *arguments, cwd=one).returncode)
            reports.append(report(one, "report.json"))
        arguments = ["--packages", "apps", "-o", output, "--report", "report.json", *options]
        done = krm_otel(command, *arguments, cwd=many)
        whole = report(many, "report.json")
        assert everything(many) == everything(one)
        assert done.returncode == max(codes)
        unique = {json.dumps(result): result for data in reports for result in data["results"]}
        assert whole["results"] == [unique[key] for key in sorted(unique)]
        actions = [
            action | {"package": f"apps/{n}"} for n, r in zip(NAMES, reports, strict=True) for action in r["actions"]
        ]
        assert whole["actions"] == actions
        summaries = [{"path": f"apps/{n}", "summary": r["summary"]} for n, r in zip(NAMES, reports, strict=True)]
        assert whole["packages"] == summaries
        assert whole["summary"]["packages"] == len(NAMES)


def test_a_package_with_errors_stays_and_the_others_do_not(tmp_path: Path) -> None:
    root = monorepo(tmp_path)
    before = everything(root / "apps" / FAULTY)
    done = krm_otel("render", "--packages", "apps", "-o", "apps", cwd=root)
    assert done.returncode == 1
    assert everything(root / "apps" / FAULTY) == before
    assert b"OTEL_" in (root / "apps" / EXTERNAL / "base" / "workloads.yaml").read_bytes()
    lines = done.stderr.decode().splitlines()
    assert f"apps/{FAULTY}: 1 class; 2 workloads; 1 error, so nothing is changed" in lines
    assert any(line.startswith(f"apps/{FAULTY}/class.yaml:24:7: error[unknown-value] ") for line in lines)
    assert lines[-1].startswith(
        f"krm-otel: {len(NAMES)} packages (1 with errors, so nothing is changed there); {len(NAMES)} classes (2 off); "
    )
    assert "files written" in lines[-1]


def test_the_diff_is_that_of_all(tmp_path: Path) -> None:
    """One patch; the exit code is that of the worst package."""
    root = monorepo(tmp_path)
    alone = [krm_otel("diff", f"apps/{name}", cwd=root) for name in NAMES]
    together = krm_otel("diff", "--packages", "apps", cwd=root)
    hunks = b"".join(done.stdout for done in alone)
    assert sorted(together.stdout.splitlines()) == sorted(hunks.splitlines())
    assert together.returncode == max(done.returncode for done in alone) == 2
    shutil.rmtree(root / "apps" / FAULTY)
    assert krm_otel("diff", "--packages", "apps", cwd=root).returncode == 1
    krm_otel("render", "--packages", "apps", "-o", "apps", cwd=root)
    shutil.rmtree(root / "apps" / LINKED)  # two packages that disagree about one file never rest
    krm_otel("render", "--packages", "apps", "-o", "apps", cwd=root)
    same = krm_otel("diff", "--packages", "apps", cwd=root)
    assert (same.returncode, same.stdout) == (0, b"")


@pytest.mark.parametrize("form", ["json", "sarif", "github", "gitlab", "markdown"])
def test_every_format_has_all_packages(tmp_path: Path, form: str) -> None:
    root = monorepo(tmp_path)
    done = krm_otel("diff", "--packages", "apps", "--format", form, cwd=root)
    for name in (FAULTY, GENERATES, TEMPLATED):
        assert f"apps/{name}/" in done.stdout.decode()


def test_what_is_validated(tmp_path: Path) -> None:
    root = monorepo(tmp_path)
    alone = [json.loads(krm_otel("validate", f"apps/{n}", "--format", "json", cwd=root).stdout) for n in NAMES]
    together = krm_otel("validate", "--packages", "apps", "--format", "json", cwd=root)
    key = json.dumps
    assert sorted(json.loads(together.stdout), key=key) == sorted((r for results in alone for r in results), key=key)
    assert together.returncode == 1
    assert b"with errors" in together.stderr


def test_one_stream_of_all(tmp_path: Path) -> None:
    """On standard output, objects of a package with errors are as they were; one file is not written with errors."""
    root = monorepo(tmp_path)
    alone = [krm_otel("render", f"apps/{name}", cwd=root).stdout for name in NAMES]
    objects = [data for text in alone for data in yaml.safe_load_all(text)]
    together = krm_otel("render", "--packages", "apps", cwd=root)
    key = json.dumps
    assert sorted(yaml.safe_load_all(together.stdout), key=key) == sorted(objects, key=key)
    assert krm_otel("render", "--packages", "apps", "-o", "all.yaml", cwd=root).returncode == 1
    assert not (root / "all.yaml").exists()
    shutil.rmtree(root / "apps" / FAULTY)
    assert krm_otel("render", "--packages", "apps", "-o", "all.yaml", cwd=root).returncode == 0
    assert (root / "all.yaml").read_bytes().partition(b"\n")[2] == krm_otel(
        "render", "--packages", "apps", cwd=root
    ).stdout


# --- what is said ----------------------------------------------------------------------------------------------------


def test_packages_that_stay_as_they_are_need_v(tmp_path: Path) -> None:
    root = written(tmp_path, {f"apps/{name}/all.yaml": STREAM for name in ("a", "b")})
    first = krm_otel("render", "--packages", "apps", "-o", "apps", cwd=root).stderr.decode()
    assert first == (
        "apps/a: 1 class; 2 workloads injected; 1 file written\n"
        "apps/b: 1 class; 2 workloads injected; 1 file written\n"
        "krm-otel: 2 packages; 2 classes; 4 workloads injected; 2 files written\n"
    )
    again = krm_otel("render", "--packages", "apps", "-o", "apps", cwd=root).stderr.decode()
    assert again == "krm-otel: 2 packages; 2 classes; 4 workloads unchanged; no files written\n"
    detailed = krm_otel("render", "--packages", "apps", "-o", "apps", "-v", cwd=root).stderr.decode().splitlines()
    assert detailed[:3] == [
        "Deployment/hello-class unchanged in shop",
        "Deployment/hello-class-odgm unchanged in shop",
        "apps/a: 1 class; 2 workloads unchanged; no files written",
    ]
    assert krm_otel("render", "--packages", "apps", "-o", "apps", "-q", cwd=root).stderr == b""
    stat = krm_otel("uninject", "--packages", "apps", "-o", "apps", "--stat", cwd=root).stderr.decode().splitlines()
    assert [line.split(" |")[0] for line in stat[2:4]] == [" apps/a/all.yaml", " apps/b/all.yaml"]


def test_one_that_cannot_be_written_stops_no_other(tmp_path: Path) -> None:
    """Nothing in it is written; the exit code says that something could not be done."""
    root = written(tmp_path, {f"apps/{name}/all.yaml": STREAM for name in "abc"} | {"out/b/all.yaml": b"mine: true\n"})
    done = krm_otel("render", "--packages", "apps", "-o", "out", "--report", "report.json", cwd=root)
    assert done.returncode == 2
    assert "Error: apps/b: -o out/b would overwrite out/b/all.yaml" in done.stderr.decode()
    assert (root / "out/b/all.yaml").read_bytes() == b"mine: true\n"
    assert b"OTEL_" in (root / "out/c/all.yaml").read_bytes()
    assert [package["path"] for package in report(root, "report.json")["packages"]] == ["apps/a", "apps/c"]
    assert krm_otel("render", "--packages", "apps", "-o", "out", "--force", cwd=root).returncode == 0


@pytest.mark.parametrize("command", ["render", "diff", "validate"])
def test_one_that_cannot_be_read(tmp_path: Path, command: str) -> None:
    """A stream without it would delete it in the cluster, so there is none."""
    root = written(tmp_path, {f"apps/{name}/all.yaml": STREAM for name in "ab"})
    (root / "apps/a/gone.yaml").symlink_to("nowhere.yaml")
    done = krm_otel(command, "--packages", "apps", cwd=root)
    assert done.returncode == 2
    assert b"Error: apps/a: cannot read apps/a/gone.yaml: No such file or directory" in done.stderr
    assert (done.stdout == b"") == (command == "render")


def test_what_was_written_before_a_bug_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Or before Ctrl-C. Here a broken library."""
    root = written(tmp_path, {f"apps/{name}/all.yaml": STREAM for name in "ab"})

    def broken(sources: Any, *arguments: Any, **options: Any) -> Any:
        if sources[0].name == "apps/b/all.yaml":
            raise RuntimeError("boom")
        return run(sources, *arguments, **options)

    monkeypatch.setattr(work, "run", broken)
    done = krm_otel("render", "--packages", "apps", "-o", "apps", cwd=root)
    assert done.returncode == 2
    assert done.stderr.decode().splitlines()[0] == "wrote apps/a/all.yaml"
    assert b"RuntimeError: boom" in done.stderr


def test_a_package_that_is_gone_is_said(tmp_path: Path) -> None:
    """What was rendered from it stays; folders of others are none of its business."""
    contents = {"apps/a/a.yaml": STREAM, "apps/b/b.yaml": WORKLOADS, "out/mine/x.yaml": b"a: 1\n"}
    root = written(tmp_path, contents)
    assert krm_otel("render", "apps/a", "apps/b", "-o", "out/both", cwd=root).returncode == 0
    arguments = ["render", "--packages", "apps", "-o", "out"]
    assert b"kept" not in krm_otel(*arguments, cwd=root).stderr
    shutil.rmtree(root / "apps" / "b")
    said = krm_otel(*arguments, cwd=root).stderr.decode().splitlines()
    assert [line for line in said if "kept" in line] == ["kept out/b: the package that it was rendered from is gone"]
    assert (root / "out/b/b.yaml").exists()


def test_a_failing_report_writes_no_package(tmp_path: Path) -> None:
    root = written(tmp_path, {"apps/a/all.yaml": STREAM})
    done = krm_otel("render", "--packages", "apps", "-o", "apps", "--report", "no/such.json", cwd=root)
    assert (done.returncode, done.stdout) == (2, b"")
    assert (root / "apps/a/all.yaml").read_bytes() == STREAM


# --- what a package is -----------------------------------------------------------------------------------------------


def test_what_is_no_package(tmp_path: Path) -> None:
    """Files beside the packages, hidden and ignored folders, links, folders without manifests, and the output."""
    root = written(
        tmp_path,
        {
            "apps/a/all.yaml": STREAM,
            "apps/otel.yaml": b"a: [\n",
            "apps/.git/all.yaml": STREAM,
            "apps/old/all.yaml": STREAM,
            "apps/older/all.yaml": STREAM,
            "apps/docs/readme.md": b"",
            "apps/.krmignore": b"/old/\n*.tmp.yaml\n",
            "apps/a/x.tmp.yaml": b"a: [\n",
        },
    )
    (root / "apps/link").symlink_to("a")
    for _ in range(2):
        done = krm_otel("render", "--packages", "apps", "-o", "apps/out", "--exclude", "older", cwd=root)
        assert done.returncode == 0
        assert everything(root / "apps/out").keys() == {"a/all.yaml", "a/.krm-otel.sha256"}
    notes = [line for line in done.stderr.decode().splitlines() if line.startswith("not read")]
    assert notes == [
        "not read: 1 path (the output)",
        "not read: 1 path (beside the packages; -c names a function config)",
        "not read: 2 paths (.krmignore)",
        "not read: 1 path (--exclude)",
        "not read: 1 path (no YAML or JSON file in it)",
    ]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-"], "- is no folder: with --packages, a PATH has a folder for each package"),
        (["apps/a/all.yaml"], "apps/a/all.yaml is no folder: with --packages, a PATH has a folder for each package"),
        (["apps/a"], "no package in apps/a; not read: 1 path (beside the packages; -c names a function config)"),
        (["apps", "more", "-o", "out"], "-o out: two packages would be written to out/a"),
    ],
)
def test_what_is_asked_for_wrongly(tmp_path: Path, arguments: list[str], said: str) -> None:
    root = written(tmp_path, {"apps/a/all.yaml": STREAM, "more/a/all.yaml": STREAM})
    done = krm_otel("render", "--packages", *arguments, cwd=root)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.decode().endswith(f"Error: {said}\n")
    assert everything(root).keys() == {"apps/a/all.yaml", "more/a/all.yaml"}
