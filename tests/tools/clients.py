"""The real clients of a KRM function, each behind a few calls: kpt and kustomize.

Nothing here knows krm-otel: a function is the command line of an executable. What the clients do to a package
on their own (kpt reformats, kustomize goes through JSON) is best seen by comparing with a run of `cat`.

What is worth knowing about them:

- kpt splits the command of a function as a shell does, and runs it in kpt's own working directory.
- kustomize runs a function in the folder of the kustomization, relative paths start there, and a bare name is
  looked up on PATH. Without --enable-exec it skips the function and exits 0.
- Both hand on their environment.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

Command = Sequence[str | Path]
"""A function: an executable and its arguments."""

TIMEOUT = 120  # seconds; kpt's own limit for a function is five minutes, too long to wait for in a test


@dataclass(frozen=True)
class Answer:
    """How a run ended."""

    code: int
    stdout: bytes
    stderr: str

    def ok(self) -> Answer:
        """Itself if the run succeeded; otherwise the test fails with what the client said."""
        assert self.code == 0, f"exit {self.code}\n{self.stderr}"
        return self


def run(
    command: Command,
    *,
    stdin: bytes = b"",
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> Answer:
    done = subprocess.run(
        [str(word) for word in command],
        input=stdin,
        capture_output=True,
        cwd=cwd,
        env={**os.environ, **(env or {})},
        timeout=TIMEOUT,
        check=False,
    )
    return Answer(done.returncode, done.stdout, done.stderr.decode())


@dataclass(frozen=True)
class Kpt:
    executable: Path

    def version(self) -> str:
        return run([self.executable, "version"]).ok().stdout.decode().strip()

    def eval(
        self,
        package: Path,
        function: Command,
        *,
        config: Path | None = None,
        data: Mapping[str, str] | None = None,
        flags: Command = (),
        results: Path | None = None,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
    ) -> Answer:
        """`kpt fn eval --exec`: run one function over a folder, in place unless `flags` say otherwise.

        Its config is a file, or `data` of a ConfigMap (`-- key=value`), or an empty ConfigMap: kpt always
        sends one.
        """
        command: list[str | Path] = [self.executable, "fn", "eval", package, "--exec", _words(function)]
        command += [*_output_flags(results), *flags]
        if config is not None:
            command += ["--fn-config", config]
        if data:
            command += ["--", *(f"{key}={value}" for key, value in data.items())]
        return run(command, cwd=cwd, env=env)

    def render(
        self,
        package: Path,
        *,
        results: Path | None = None,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
    ) -> Answer:
        """`kpt fn render`: run the pipeline of the package's Kptfile, in place."""
        command = [self.executable, "fn", "render", package, "--allow-exec", *_output_flags(results)]
        return run(command, cwd=cwd, env=env)

    def source(self, package: Path) -> bytes:
        """`kpt fn source`: a folder as a ResourceList."""
        return run([self.executable, "fn", "source", package]).ok().stdout

    def sink(self, resource_list: bytes, folder: Path) -> Answer:
        """`kpt fn sink`: a ResourceList as a folder, which must not be there yet."""
        return run([self.executable, "fn", "sink", folder], stdin=resource_list)

    def pipe(self, package: Path, function: Command, folder: Path) -> Answer:
        """`kpt fn source | function | kpt fn sink`; the answer is the function's."""
        answer = run(function, stdin=self.source(package))
        if answer.code == 0:
            self.sink(answer.stdout, folder).ok()
        return answer


@dataclass(frozen=True)
class Kustomize:
    executable: Path

    def version(self) -> str:
        return run([self.executable, "version"]).ok().stdout.decode().strip()

    def build(self, folder: Path, *, exec_allowed: bool = True, env: Mapping[str, str] | None = None) -> Answer:
        """`kustomize build` with functions allowed; the manifests are its stdout."""
        flags = ["--enable-alpha-plugins", *(["--enable-exec"] if exec_allowed else [])]
        return run([self.executable, "build", *flags, folder], env=env)


# ------------------------------------------------------------------------------------- what a package has


def mutator(
    function: Command, *, config_path: str | None = None, config_map: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """One step of a kpt pipeline."""
    step: dict[str, Any] = {"exec": _words(function)}
    if config_path is not None:
        step["configPath"] = config_path
    if config_map is not None:
        step["configMap"] = dict(config_map)
    return step


def write_kptfile(package: Path, *mutators: Mapping[str, Any]) -> None:
    """Make a folder a kpt package whose pipeline has these steps."""
    kptfile: dict[str, Any] = {
        "apiVersion": "kpt.dev/v1",
        "kind": "Kptfile",
        "metadata": {"name": package.name, "annotations": {"config.kubernetes.io/local-config": "true"}},
    }
    if mutators:
        kptfile["pipeline"] = {"mutators": list(mutators)}
    (package / "Kptfile").write_text(yaml.safe_dump(kptfile, sort_keys=False))


def write_kustomization(folder: Path, **fields: Any) -> None:
    kustomization = {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization", **fields}
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(kustomization, sort_keys=False))


def as_function(config: Mapping[str, Any], function: Command) -> str:
    """A function config that tells kustomize to run `function` with it; goes under `transformers`."""
    path, *arguments = map(str, function)
    # JSON is YAML, and keeps whatever the paths hold.
    annotation = json.dumps({"exec": {"path": path, **({"args": arguments} if arguments else {})}})
    metadata = dict(config["metadata"])
    metadata["annotations"] = {**metadata.get("annotations", {}), "config.kubernetes.io/function": annotation}
    return yaml.safe_dump({**config, "metadata": metadata}, sort_keys=False)


# --------------------------------------------------------------------------------------- what comes of it


def read_results(folder: Path) -> list[dict[str, Any]]:
    """The results of every function of a run, from the folder given as `results`."""
    document = yaml.safe_load((folder / "results.yaml").read_text())
    return [result for item in document["items"] for result in item.get("results", [])]


def read_tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, by its relative path."""
    return {
        file.relative_to(folder).as_posix(): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()
    }


def write_script(path: Path, body: str) -> Path:
    """A function for a test, as an executable Python script."""
    path.write_text(f"#!{sys.executable}\n{body}")
    path.chmod(0o755)
    return path


def _words(function: Command) -> str:
    return shlex.join(str(word) for word in function)


def _output_flags(results: Path | None) -> list[str | Path]:
    whole: list[str | Path] = ["--truncate-output=false"]  # kpt shows four lines of stderr otherwise
    return whole if results is None else [*whole, "--results-dir", results]
