"""Files out: what is overwritten and deleted, and what never is."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from krm_otel.cli.inputs.files import RENDERED
from krm_otel.cli.ledger import NAME, Ledger
from krm_otel.cli.output_folder import OutputFolder
from tests.unit.cli.command import CLASS, PROGRAM, STREAM, WORKLOADS, files, krm_otel, written

MANAGED = CLASS.replace(
    CLASS[CLASS.index(b"    collector:") :],
    b"    collector: {mode: deployment, exporters: {traces: 'http://x:4317', metrics: 'http://x:4317'}}\n",
)
GENERATED = "hello-class-otel.yaml"


@pytest.fixture
def apps(apps: Path) -> Path:
    """The quickstart in its folder, with a collector of its own."""
    return written(apps, {"classruntime.yaml": MANAGED})


def lines(done: subprocess.CompletedProcess[bytes]) -> list[str]:
    return done.stderr.decode().splitlines()


# --- another folder --------------------------------------------------------------------------------------------------


def test_a_file_that_no_render_wrote_is_not_overwritten(apps: Path) -> None:
    """Nothing is written at all, until the user says so."""
    out = apps.parent / "out"
    written(out, {"base/workloads.yaml": WORKLOADS})
    done = krm_otel("render", apps, "-o", out)
    assert done.returncode == 2
    assert f"would overwrite {out}/base/workloads.yaml, which krm-otel did not write" in done.stderr.decode()
    assert files(out) == {"base/workloads.yaml": WORKLOADS} and not (out / NAME).exists()
    assert krm_otel("render", apps, "-o", out, "--force").returncode == 0
    assert b"OTEL_" in files(out)["base/workloads.yaml"]


def test_what_is_where_a_file_goes(tmp_path: Path) -> None:
    """Each file is looked at once, and this decides whether it is overwritten, deleted, kept or refused."""
    generated = b"kind: Secret\nmetadata: {annotations: {oaas.io/generated-by: krm-otel}}\n"
    contents = {"new": b"new", "listed": b"old", "changed": b"mine", "foreign": b"mine", "generated": generated}
    out = written(tmp_path, {**contents, "input": b"old"})
    folder = OutputFolder(out, Ledger(), "apps", frozenset([out / "input"]))
    for name in ("listed", "changed"):
        folder.ledger.record(name, "apps", b"old")
    states = {name: folder.state(out / name, b"new") for name in (*contents, "input", "absent")}
    assert states == {
        "new": "same",
        "listed": "ours",
        "changed": "edited",
        "foreign": "foreign",
        "generated": "ours",
        "input": "free",
        "absent": "free",
    }
    assert folder.state(out / "changed", None) == "edited"


def test_what_a_render_wrote_is_written_again(apps: Path) -> None:
    """The files that change are listed; the others are not touched."""
    out = apps.parent / "out"
    first = krm_otel("render", apps, "-o", out)
    names = ["base/workloads.yaml", "classruntime.yaml", GENERATED]
    assert sorted(line for line in lines(first) if line.startswith("wrote")) == sorted(
        f"wrote {out}/{n}" for n in names
    )
    assert lines(first)[-1].endswith("; 3 files written")
    again = krm_otel("render", apps, "-o", out)
    assert lines(again)[-1].endswith("; no files written")
    (apps / "base" / "workloads.yaml").write_bytes(WORKLOADS.replace(b"replicas: 2", b"replicas: 3"))
    changed = krm_otel("render", apps, "-o", out)
    assert [line for line in lines(changed) if line.startswith("wrote")] == [f"wrote {out}/base/workloads.yaml"]
    assert b"replicas: 3" in files(out)["base/workloads.yaml"]


def test_stat_counts_the_lines_of_each_file(apps: Path) -> None:
    done = krm_otel("render", apps, "-o", apps, "--stat")
    assert any(line.startswith(f" {apps}/base/workloads.yaml ") and "+++" in line for line in lines(done))
    assert " 2 files changed, " in done.stderr.decode()
    assert lines(done)[-1].startswith("krm-otel: 1 class")


@pytest.mark.slow
def test_sha256sum_can_check_the_ledger(apps: Path) -> None:
    krm_otel("render", apps, "-o", apps.parent / "out")
    checked = subprocess.run(["sha256sum", "--check", "--strict", NAME], cwd=apps.parent / "out", capture_output=True)
    assert checked.returncode == 0, checked.stderr


def test_files_that_are_not_rendered_any_more_are_deleted(apps: Path) -> None:
    """A class without a collector, a source that is gone; an edited file stays, and so does a foreign one."""
    out = apps.parent / "out"
    krm_otel("render", apps, "-o", out)
    (out / "mine.yaml").write_text("kind: ConfigMap\n")
    (apps / "classruntime.yaml").write_bytes(CLASS)
    done = krm_otel("render", apps, "-o", out)
    assert f"deleted {out}/{GENERATED}" in lines(done)
    assert lines(done)[-1].endswith("; 2 files written, 1 deleted")
    (out / "classruntime.yaml").write_bytes(CLASS + b"# edited\n")
    (apps / "classruntime.yaml").unlink()
    kept = krm_otel("render", apps, "-o", out)
    assert f"kept {out}/classruntime.yaml: it is not rendered any more, and was edited since it was" in lines(kept)
    assert files(out).keys() == {"base/workloads.yaml", "classruntime.yaml", "mine.yaml"}


def test_renders_of_other_sources_share_a_folder(apps: Path) -> None:
    """One does not delete what the other wrote, and half an input deletes nothing."""
    other = apps.parent / "other"
    other.mkdir()
    (other / "config.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n")
    out = apps.parent / "out"
    krm_otel("render", apps, "-o", out)
    krm_otel("render", other, "-o", out)
    krm_otel("render", apps / "classruntime.yaml", "-o", out)
    assert files(out).keys() == {"base/workloads.yaml", "classruntime.yaml", GENERATED, "config.yaml"}


def test_an_edit_that_is_overwritten_is_said(apps: Path) -> None:
    out = apps.parent / "out"
    krm_otel("render", apps, "-o", out)
    (out / "classruntime.yaml").write_bytes(MANAGED + b"# edited\n")
    done = krm_otel("render", apps, "-o", out)
    assert f"overwrote {out}/classruntime.yaml, which was edited since it was rendered" in lines(done)
    assert files(out)["classruntime.yaml"] == MANAGED


def test_a_generated_file_never_replaces_one_that_was_not_read(apps: Path) -> None:
    """In place, where the file of that name is excluded."""
    (apps / GENERATED).write_text("apiVersion: v1\nkind: Secret\nmetadata: {name: mine}\n")
    before = files(apps)
    done = krm_otel("render", apps, "-o", apps, "--exclude", GENERATED)
    assert done.returncode == 2 and files(apps) == before
    assert GENERATED in done.stderr.decode()
    assert not (apps / NAME).exists()


# --- a folder below the input ----------------------------------------------------------------------------------------


def test_an_output_below_the_input_is_not_read_again(apps: Path) -> None:
    """By the same render, and by any other command over the whole."""
    first = krm_otel("render", ".", "-o", "rendered", cwd=apps)
    before = files(apps)
    again = krm_otel("render", ".", "-o", "rendered", cwd=apps)
    assert files(apps) == before
    assert lines(first)[-1].startswith("krm-otel: 1 class; 2 workloads injected;")
    assert lines(again)[-1].startswith("krm-otel: 1 class; 2 workloads injected;")
    assert "not read: 1 path (the output)" in lines(again)
    checked = krm_otel("validate", cwd=apps)
    assert lines(checked) == [
        "not read: 3 paths (an earlier render wrote them)",
        "krm-otel: 1 class; 2 workloads to inject; 5 objects to generate",
    ]
    assert lines(krm_otel("validate", "rendered", cwd=apps))[-1] == (
        "krm-otel: 1 class; 2 workloads unchanged; 5 objects unchanged"
    )


# --- a file ----------------------------------------------------------------------------------------------------------


def test_a_name_with_an_ending_is_a_file(apps: Path) -> None:
    """The stream goes there, again and again, but not over a file of somebody else's."""
    file = apps / "all.yaml"
    stream = krm_otel("render", apps).stdout
    for _ in range(2):
        assert krm_otel("render", apps, "-o", file).returncode == 0
        assert file.read_bytes() == RENDERED + stream
    assert krm_otel("render", apps).stdout == stream, "it is not read with the folder that it is in"
    file.write_bytes(WORKLOADS)
    refused = krm_otel("render", apps / "classruntime.yaml", "-o", file)
    assert refused.returncode == 2 and file.read_bytes() == WORKLOADS
    assert f"would overwrite {file}".encode() in refused.stderr
    assert krm_otel("render", apps / "classruntime.yaml", "-o", file, "--force").returncode == 0
    assert file.read_bytes().startswith(RENDERED)


@pytest.mark.parametrize("end", [b"", b"\n", b"# the end\n"])
def test_one_file_in_place_and_back(tmp_path: Path, end: bytes) -> None:
    """Generated objects follow in the file; a second run changes nothing; uninject gives every byte back."""
    file = tmp_path / "app.yaml"
    source = (MANAGED + b"---\n" + WORKLOADS).rstrip(b"\n") + end
    file.write_bytes(source)
    assert krm_otel("render", file, "-o", file).returncode == 0
    after = file.read_bytes()
    assert b"kind: NetworkPolicy" in after and files(tmp_path).keys() == {"app.yaml"}
    assert lines(krm_otel("render", file, "-o", file))[-1].endswith("; no files written")
    assert file.read_bytes() == after
    assert krm_otel("uninject", file, "-o", file).returncode == 0
    assert file.read_bytes() == source


def test_standard_input_goes_to_a_file(tmp_path: Path) -> None:
    """As `helm template | krm-otel render - -o all.yaml`, again and again."""
    file = tmp_path / "all.yaml"
    for _ in range(2):
        done = krm_otel("render", "-", "-o", file, stdin=STREAM)
        assert (done.returncode, done.stdout) == (0, b"")
        assert file.read_bytes() == RENDERED + krm_otel("render", "-", stdin=STREAM).stdout
    assert lines(done)[-1].endswith("; no files written")
    folder = krm_otel("render", "-", "-o", tmp_path, stdin=STREAM)
    assert folder.returncode == 2 and b"give -o a file, such as all.yaml" in folder.stderr


def test_a_stream_is_no_json(apps: Path) -> None:
    done = krm_otel("render", apps, "-o", apps.parent / "all.json")
    assert done.returncode == 2 and b"give it a name that ends in .yaml" in done.stderr


# --- the stream ------------------------------------------------------------------------------------------------------


def test_what_no_cluster_knows_stays_out_of_the_stream(apps: Path) -> None:
    """It is said once; files get everything."""
    objects = krm_otel("render", apps).stdout
    (apps / "kustomization.yaml").write_text("resources: [classruntime.yaml]\n")
    (apps / "Kptfile").write_text("apiVersion: kpt.dev/v1\nkind: Kptfile\nmetadata: {name: app}\n")
    (apps / "values.yaml").write_text("replicas: 1\n")
    (apps / "a-config.yaml").write_text("apiVersion: fn.oaas.io/v1alpha1\nkind: OTelConfig\nspec: {}\n")
    done = krm_otel("render", apps)
    assert done.stdout == objects
    assert [line for line in lines(done) if "left out" in line] == [
        "left out of the stream, since no cluster knows them: Kptfile, OTelConfig, kustomization.yaml, values.yaml"
    ]
    assert krm_otel("render", apps, "-o", apps.parent / "out").returncode == 0
    assert {"Kptfile", "values.yaml", "a-config.yaml"} <= files(apps.parent / "out").keys()


def test_standard_input_comes_out_in_its_own_form() -> None:
    """A post-renderer's stream keeps all that is in it."""
    text = b"apiVersion: fn.oaas.io/v1alpha1\nkind: OTelConfig\nspec: {}\n---\n" + STREAM
    assert krm_otel("render", "-", stdin=text).stdout.startswith(text[:60])


# --- what is not read ------------------------------------------------------------------------------------------------


def test_krmignore_and_exclude(apps: Path) -> None:
    """Patterns as in a `.gitignore`, in any folder; a `.gitignore` is none of krm-otel's business."""
    contents = {
        "charts/x/values.yaml": "a: [\n",
        "charts/keep.yaml": "apiVersion: v1\nkind: ConfigMap\n",
        "base/old.yaml": "b: [\n",
        "tmp.yaml": "c: [\n",
        ".krmignore": "# charts that are rendered elsewhere\ncharts/*\n!charts/keep.yaml\n",
        "base/.krmignore": "/old.yaml\n",
        ".gitignore": "classruntime.yaml\n",
    }
    written(apps, {name: text.encode() for name, text in contents.items()})
    for command in ("render", "validate", "diff", "uninject"):
        done = krm_otel(command, ".", "--exclude", "/tmp*", "--exclude", "nothing", cwd=apps)
        assert b"unreadable" not in done.stderr + done.stdout
        assert {"not read: 2 paths (.krmignore)", "not read: 1 path (--exclude)"} <= set(lines(done))
    assert krm_otel("render", ".", cwd=apps).stdout.count(b"kind: ConfigMap") >= 1
    named = krm_otel("validate", "tmp.yaml", "--exclude", "tmp.yaml", cwd=apps)
    assert named.returncode == 1, "who names a file means it"
    nothing = krm_otel("validate", ".", "--exclude", "*", cwd=apps)
    assert (nothing.returncode, nothing.stderr.decode().partition(";")[0]) == (2, "Error: no YAML or JSON file in .")


# --- faults of the process -------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_mode_and_umask_are_kept(apps: Path) -> None:
    workloads = apps / "base" / "workloads.yaml"
    workloads.chmod(0o640)
    script = f'umask 027; "$0" render {apps} -o {apps}'
    subprocess.run(["bash", "-c", script, PROGRAM], check=True, capture_output=True)
    assert workloads.stat().st_mode & 0o7777 == 0o640
    assert (apps / GENERATED).stat().st_mode & 0o7777 == 0o640, "a new file has what the umask leaves"


def test_a_run_that_is_stopped_leaves_no_workload_without_its_objects(apps: Path) -> None:
    """What workloads need is written before them, and deleted after them."""
    first = [line for line in lines(krm_otel("render", apps, "-o", apps)) if line.startswith("wrote")]
    assert first == [f"wrote {apps}/{GENERATED}", f"wrote {apps}/base/workloads.yaml"]
    (apps / "classruntime.yaml").write_bytes(CLASS)
    (apps / "base" / "workloads.yaml").chmod(0o400)
    (apps / "base").chmod(0o500)
    last = krm_otel("render", apps, "-o", apps)
    (apps / "base").chmod(0o700)
    if last.returncode:  # root may write anywhere
        assert (apps / GENERATED).exists(), "the workload still needs it"


def test_what_was_written_before_a_fault_is_known(apps: Path) -> None:
    """The list has it, so the next render goes on, also where the source has changed."""
    out = apps.parent / "out"
    (out / "classruntime.yaml" / "in the way").mkdir(parents=True)
    done = krm_otel("render", apps, "-o", out)
    assert done.returncode == 2
    assert f"Error: cannot write {out}/classruntime.yaml: " in done.stderr.decode()
    assert {f"wrote {out}/{GENERATED}", f"wrote {out}/base/workloads.yaml"} & set(lines(done))
    shutil.rmtree(out / "classruntime.yaml")
    (apps / "base" / "workloads.yaml").write_bytes(WORKLOADS.replace(b"replicas: 2", b"replicas: 3"))
    assert krm_otel("render", apps, "-o", out).returncode == 0
    assert b"replicas: 3" in files(out)["base/workloads.yaml"]


def test_an_application_of_argo_cd_stays_in_its_folder(apps: Path) -> None:
    """A link could lead to a token of the plugin's pod."""
    token = apps.parent / "token.yaml"
    token.write_text("apiVersion: v1\nkind: Secret\nmetadata: {name: token}\n")
    (apps / "link.yaml").symlink_to(token)
    done = krm_otel("argocd", "generate", cwd=apps)
    assert (done.returncode, done.stdout) == (2, b"")
    assert "link.yaml is a link that leads out of the application's folder" in done.stderr.decode()


def test_another_kind_with_the_marks_is_never_pruned(tmp_path: Path) -> None:
    secret = (
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: mine\n  labels: {oaas.io/owner: a, component: otel}\n"
        "  annotations: {oaas.io/generated-by: krm-otel}\n"
    )
    (tmp_path / "a.yaml").write_text(secret)
    assert krm_otel("uninject", tmp_path, "-o", tmp_path).returncode == 0
    assert (tmp_path / "a.yaml").read_text() == secret
