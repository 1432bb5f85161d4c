#!/usr/bin/env python3
"""Builds or finds the real tools that the tests run: `make tools`.

Each lives in the user's cache under its version, so that a fresh clone finds what another one built:

    ${XDG_CACHE_HOME:-~/.cache}/krm-otel/tools/<name>-<version>/<name>

A tool only gets that name once it has said that it is the pinned version: an aborted build never counts.
Beside it, `recipe` holds a digest of what it was made from; a changed recipe builds again.

To add a tool, add a line to TOOLS. One that is built with Go also needs a module in tools/go/<name>
with its go.mod and go.sum committed: the build may not change them, and asks nobody else for checksums.
Needs nothing but the standard library, since it also runs without the project's environment.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

HERE = Path(__file__).resolve().parent
HEARTBEAT = 30.0  # seconds of silence after which a build says that it is still at it


class ToolError(Exception):
    """A tool is missing or cannot be made; the message tells a person what to do."""


class Source(Protocol):
    """How to come by a tool."""

    def recipe(self, tool: Tool) -> Iterator[bytes]:
        """Everything the result depends on apart from the version."""

    def obtain(self, tool: Tool, target: Path) -> None:
        """Put the executable at `target`, or raise ToolError."""


@dataclass(frozen=True)
class Tool:
    name: str
    version: str
    source: Source
    version_command: tuple[str, ...] = ("version",)
    """The arguments that make it print its version; none for a tool that cannot say."""
    says: str | None = None
    """A regular expression for all that it then prints; by default the bare version."""

    @property
    def path(self) -> Path:
        return cache_dir() / f"{self.name}-{self.version}" / self.name

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


@dataclass(frozen=True)
class GoBuild:
    """Build `package` in the module tools/go/<module>; by default it has the tool's name."""

    package: str
    ldflags: str = "-s -w"
    env: Mapping[str, str] = field(default_factory=dict)
    module: str = ""

    def recipe(self, tool: Tool) -> Iterator[bytes]:
        yield repr((self.package, self.ldflags, sorted(self.env.items()))).encode()
        for file in sorted(self._module(tool).rglob("*")):
            if file.is_file():
                yield str(file.relative_to(HERE)).encode()
                yield file.read_bytes()

    def obtain(self, tool: Tool, target: Path) -> None:
        go_build(tool, self.package, target, cwd=self._module(tool), ldflags=self.ldflags, env=self.env)

    def _module(self, tool: Tool) -> Path:
        return HERE / "go" / (self.module or tool.name)


@dataclass(frozen=True)
class GoModule:
    """Build `package` in a copy of its own module, where its own go.mod and go.sum hold, with their replacements.

    `checksum` is the module's, as go.sum would have it: the same sources, or no build.
    """

    module: str
    package: str
    checksum: str
    ldflags: str = "-s -w"
    tags: str = ""

    def recipe(self, tool: Tool) -> Iterator[bytes]:
        yield repr((tool.version, self.module, self.package, self.checksum, self.ldflags, self.tags)).encode()

    def obtain(self, tool: Tool, target: Path) -> None:
        command = ["go", "mod", "download", "-json", self.module]
        with tempfile.TemporaryDirectory(dir=target.parent) as folder:
            # Outside of any module; what the checksum database cannot say is held by `checksum`.
            answer = subprocess.run(
                command, cwd=folder, env=go_environment({"GONOSUMDB": "*"}), capture_output=True, text=True, check=False
            )
            if answer.returncode != 0:
                raise ToolError(f"{tool}: `{' '.join(command)}` failed:\n{answer.stdout}{answer.stderr}")
            found = json.loads(answer.stdout)
            if found["Sum"] != self.checksum:
                raise ToolError(f"{tool}: {self.module} has the checksum {found['Sum']}, not {self.checksum}")
            sources = Path(folder, "sources")
            # The cache is write-protected; the copy has to be removable.
            shutil.copytree(found["Dir"], sources, copy_function=shutil.copyfile)
            for directory in (sources, *sources.rglob("*/")):
                directory.chmod(0o755)
            go_build(tool, self.package, target, cwd=sources, ldflags=self.ldflags, tags=self.tags)


@dataclass(frozen=True)
class OnPath:
    """Take the one on PATH, which has to be of the pinned version. `hint`: where a person gets it from."""

    hint: str

    def recipe(self, tool: Tool) -> Iterator[bytes]:
        # The file itself, since a link goes on pointing at whatever is installed there next.
        found = shutil.which(tool.name)
        if found is not None:
            file = Path(found).resolve()
            yield f"{file} {file.stat().st_size} {file.stat().st_mtime_ns}".encode()

    def obtain(self, tool: Tool, target: Path) -> None:
        found = shutil.which(tool.name)
        if found is None:
            raise ToolError(f"{tool}: there is no `{tool.name}` on PATH; {self.hint}")
        target.symlink_to(Path(found).resolve())


def _kubernetes(name: str, version: str, module: str) -> Tool:
    """A part of Kubernetes, which says no version unless it is told one."""
    ldflags = f"-s -w -X k8s.io/component-base/version.gitVersion={version}"
    source = GoBuild(f"k8s.io/kubernetes/cmd/{name}", ldflags, module=module)
    return Tool(name, version, source, ("--version",), f"Kubernetes {re.escape(version)}")


def _knative(name: str) -> Tool:
    """A part of Knative Serving; none of them says its version."""
    return Tool(f"knative-{name}", "v0.42.2", GoBuild(f"knative.dev/serving/cmd/{name}", module="knative"), ())


def _victoria(name: str, checksum: str = "h1:GlM6ZYEE1p6hh1xTSQnLVHWnmWmlbgqa4EyBxBSm1/k=") -> Tool:
    """One of the databases that live in VictoriaMetrics' module."""
    version = "v1.121.0"
    ldflags = f"-s -w -X github.com/VictoriaMetrics/VictoriaMetrics/lib/buildinfo.Version={name}-{version}"
    source = GoModule(f"github.com/VictoriaMetrics/VictoriaMetrics@{version}", f"./app/{name}", checksum, ldflags)
    return Tool(name, version, source, ("--version",), f"{name}-{re.escape(version)}(\n.*)?")


_JAEGER = GoModule(
    "github.com/jaegertracing/jaeger@v1.76.0",
    "./cmd/jaeger",
    "h1:sWCOOF1dr+NL0PLil7mFo3BqqQL8k4WiM7aguFbc14g=",
    "-s -w -X github.com/jaegertracing/jaeger/internal/version.latestVersion=v1.76.0",
)
_PROMETHEUS = GoModule(
    "github.com/prometheus/prometheus@v0.316.0",
    "./cmd/prometheus",
    "h1:f1GRFerhTMKQma+awCoC9T820ecWeGSdF+xAlMHzZzM=",
    "-s -w -X github.com/prometheus/common/version.Version=v0.316.0",
    "remove_all_sd,enable_dns_sd",  # the clouds' clients are most of what would be compiled
)
_HELM = "-s -w -X helm.sh/helm/v{0}/internal/version.version={1}"
_SHORT = ("version", "--short")
TOOLS = {
    tool.name: tool
    for tool in (
        Tool("kustomize", "v5.8.2", GoBuild("sigs.k8s.io/kustomize/kustomize/v5")),
        # They say no patch version unless they are told.
        *(
            Tool(f"helm{v[1]}", v, GoBuild(f"helm.sh/helm/{v[:2]}/cmd/helm", _HELM.format(v[1], v)), _SHORT, f"{v}.*")
            for v in ("v3.22.0", "v4.3.1")
        ),
        # What Flux does to what it applies.
        Tool("fluxsubst", "v1.30.0", GoBuild("."), ()),
        # Argo CD's plugin server, and what asks it as the repo-server does.
        Tool("argocd-cmp-server", "v2.14.21", GoBuild("./server", module="argocd"), ()),
        Tool("argocd-cmp-client", "v2.14.21", GoBuild("./client", module="argocd"), ()),
        # Its version also stands in tools/go/otelcol/builder.yaml, which says what is in it.
        Tool("otelcol", "0.158.0", GoBuild("."), ("--version",), r"otelcol version 0\.158\.0"),
        # What is instrumented in tests: a service, a Job, many traces.
        Tool("oteldemo", "1", GoBuild("."), ()),
        # Backends that collectors send to: traces, metrics, logs.
        Tool("jaeger", "v1.76.0", _JAEGER, ("version",), r".*v1\.76\.0.*"),
        Tool("prometheus", "v0.316.0", _PROMETHEUS, ("--version",), r"prometheus, version v0\.316\.0 .*"),
        _victoria("victoria-logs"),
        _victoria("victoria-metrics"),
        # The cluster of tests/cluster. Its kubelet is an older one: Debian's containerd 1.6 and machines with cgroup v1
        # need one from before 1.36.
        *(
            _kubernetes(name, "v1.36.3", "kubernetes")
            for name in ("kube-apiserver", "kube-controller-manager", "kube-scheduler")
        ),
        *(_kubernetes(name, "v1.34.4", "kubelet") for name in ("kubelet", "kube-proxy")),
        Tool("coredns", "1.15.0", GoBuild("github.com/coredns/coredns"), ("-version",), r"CoreDNS-1\.15\.0\n.*"),
        *(_knative(name) for name in ("controller", "webhook", "autoscaler", "activator", "queue")),
        # What that webhook says of a Service, without a cluster: of every one that the golden cases have.
        Tool("knative-admission", "v0.42.2", GoBuild("."), ()),
        # Not to be had through the Go module proxy, under neither of its two module names.
        Tool("kpt", "1.0.0-beta.56", OnPath("install that version, for instance with Google Cloud's packages")),
    )
}


def go_environment(more: Mapping[str, str]) -> dict[str, str]:
    # readonly and a complete go.sum: the same sources on every machine, or no build. local: a module that
    # wants a newer Go is an error here, not a download.
    return {
        **os.environ,
        "CGO_ENABLED": "0",
        "GOFLAGS": "-mod=readonly -trimpath -buildvcs=false",
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
        **more,
    }


def go_build(
    tool: Tool,
    package: str,
    target: Path,
    *,
    cwd: Path,
    ldflags: str,
    tags: str = "",
    env: Mapping[str, str] | None = None,
) -> None:
    """Build a package of the module in `cwd`."""
    if shutil.which("go") is None:
        raise ToolError(f"{tool}: building it needs Go, and there is no `go` on PATH")
    command = ["go", "build", "-tags", tags, "-ldflags", ldflags, "-o", str(target), package]
    run_with_heartbeat(tool, command, cwd=cwd, env=go_environment(env or {}))


def require(name: str) -> Path:
    """The path of a tool that is there; for tests."""
    tool = TOOLS[name]
    if not tool.path.exists():
        raise ToolError(f"{tool} is missing: `make tools` provides it")
    return tool.path


def cache_dir() -> Path:
    # The standard wants an empty or relative value to be ignored.
    configured = Path(os.environ.get("XDG_CACHE_HOME", ""))
    base = configured if configured.is_absolute() else Path.home() / ".cache"
    return base / "krm-otel" / "tools"


def provide(tool: Tool) -> None:
    """Make sure that `tool.path` is the pinned version, made by the recipe of today."""
    recipe = digest(tool)
    stamp = tool.path.with_name("recipe")
    if tool.path.exists() and stamp.exists() and stamp.read_text() == recipe:
        print(f"{tool}: there", flush=True)
        return
    print(f"{tool}: working on it ...", flush=True)
    start = time.monotonic()
    tool.path.parent.mkdir(parents=True, exist_ok=True)
    # In the same folder, so that the replacement is one rename.
    with tempfile.TemporaryDirectory(prefix="unfinished-", dir=tool.path.parent) as workshop:
        made = Path(workshop) / tool.name
        tool.source.obtain(tool, made)
        check_version(tool, made)
        made.replace(tool.path)
    # Last: whoever dies in between has a good tool, and makes it again.
    stamp.write_text(recipe)
    print(f"{tool}: ready after {time.monotonic() - start:.0f} s", flush=True)


def digest(tool: Tool) -> str:
    parts = [hashlib.sha256(part).digest() for part in tool.source.recipe(tool)]
    return hashlib.sha256(b"".join(parts)).hexdigest()


def check_version(tool: Tool, executable: Path) -> None:
    if not tool.version_command:
        return
    command = [str(executable), *tool.version_command]
    answer = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    said = (answer.stdout + answer.stderr).strip()
    expected = tool.says or re.escape(tool.version)
    if answer.returncode != 0 or not re.fullmatch(expected, said, re.DOTALL):
        hint = f"; {tool.source.hint}" if isinstance(tool.source, OnPath) else ""
        raise ToolError(
            f"{tool}: `{tool.name} {' '.join(tool.version_command)}` answered {said!r} (exit {answer.returncode}){hint}"
        )


def run_with_heartbeat(tool: Tool, command: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> None:
    """Run a long command; its output is of interest only when it fails."""
    start = time.monotonic()
    with (
        tempfile.TemporaryFile("w+", errors="replace") as output,
        subprocess.Popen(
            command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        ) as process,
    ):
        try:
            while True:
                try:
                    code = process.wait(timeout=HEARTBEAT)
                    break
                except subprocess.TimeoutExpired:
                    print(f"{tool}: {time.monotonic() - start:.0f} s ...", flush=True)
        except BaseException:
            process.terminate()
            raise
        if code != 0:
            output.seek(0)
            raise ToolError(f"{tool}: `{' '.join(command)}` failed (exit {code}):\n{output.read()}")


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(TOOLS)}; all of them by default")
    parser.add_argument("--print-dir", metavar="NAME", choices=TOOLS, help="only tell in which folder it is")
    arguments = parser.parse_args()
    unknown = [name for name in arguments.names if name not in TOOLS]
    if unknown:
        parser.error(f"no such tool: {', '.join(unknown)}")
    try:
        if arguments.print_dir:
            print(require(arguments.print_dir).parent)
            return 0
        # One after another: a Go build takes all cores by itself, and memory for each.
        for name in arguments.names or TOOLS:
            provide(TOOLS[name])
    except ToolError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
