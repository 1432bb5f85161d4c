#!/usr/bin/env python3
"""Builds or finds the real tools that the tests run: `make tools`.

Each tool is in the user's cache under its version, so a fresh clone finds what another one built:

    ${XDG_CACHE_HOME:-~/.cache}/krm-otel/tools/<name>-<version>/<name>

A tool gets this name only after it has printed the pinned version, so an aborted build never counts. The file `recipe`
in the same folder has a digest of its sources and options; a tool whose recipe changes is built again.

To add a tool, add a line to TOOLS. A tool that is built with Go also needs a module in tools/go/<name>, with go.mod and
go.sum committed: the build may not change them, and asks nobody else for checksums. This module imports only the
standard library, because it also runs without the project's environment.
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

TOOLS_DIR = Path(__file__).resolve().parent
HEARTBEAT = 30.0  # seconds between two signs of life of a build


class ToolError(Exception):
    """A tool is missing, or cannot be built or run; the message says what to do."""


class Source(Protocol):
    """Where a tool comes from."""

    def recipe(self, tool: Tool) -> Iterator[bytes]:
        """Everything that the executable depends on, apart from the version."""

    def obtain(self, tool: Tool, target: Path) -> None:
        """Puts the executable at `target`, or raises ToolError."""


@dataclass(frozen=True)
class Tool:
    """A tool in a pinned version."""

    name: str
    version: str
    source: Source
    version_command: tuple[str, ...] = ("version",)
    """The arguments that print its version; none for a tool that cannot do that."""
    version_pattern: str | None = None
    """A regular expression for the whole output of this command; by default the bare version."""

    @property
    def path(self) -> Path:
        return cache_dir() / f"{self.name}-{self.version}" / self.name

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


@dataclass(frozen=True)
class GoBuild:
    """Builds `package` in the module tools/go/<module>; by default the module has the name of the tool."""

    package: str
    ldflags: str = "-s -w"
    env: Mapping[str, str] = field(default_factory=dict)
    module: str = ""

    def recipe(self, tool: Tool) -> Iterator[bytes]:
        yield repr((self.package, self.ldflags, sorted(self.env.items()))).encode()
        for file in sorted(self._module(tool).rglob("*")):
            if file.is_file():
                yield str(file.relative_to(TOOLS_DIR)).encode()
                yield file.read_bytes()

    def obtain(self, tool: Tool, target: Path) -> None:
        go_build(tool, self.package, target, cwd=self._module(tool), ldflags=self.ldflags, env=self.env)

    def _module(self, tool: Tool) -> Path:
        return TOOLS_DIR / "go" / (self.module or tool.name)


@dataclass(frozen=True)
class GoModule:
    """Builds `package` in a copy of its own module, with the go.mod, go.sum and replacements of that module.

    `checksum` is the checksum of the module, as in a go.sum: the build fails for other sources.
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
            # This runs outside of any module. `checksum` does what the checksum database does elsewhere.
            done = subprocess.run(
                command, cwd=folder, env=go_environment({"GONOSUMDB": "*"}), capture_output=True, text=True, check=False
            )
            if done.returncode != 0:
                raise ToolError(f"{tool}: `{' '.join(command)}` failed:\n{done.stdout}{done.stderr}")
            download = json.loads(done.stdout)
            if download["Sum"] != self.checksum:
                raise ToolError(f"{tool}: {self.module} has the checksum {download['Sum']}, not {self.checksum}")
            sources = Path(folder, "sources")
            # The module cache is write-protected, and the copy has to be removable.
            shutil.copytree(download["Dir"], sources, copy_function=shutil.copyfile)
            for directory in (sources, *sources.rglob("*/")):
                directory.chmod(0o755)
            go_build(tool, self.package, target, cwd=sources, ldflags=self.ldflags, tags=self.tags)


@dataclass(frozen=True)
class OnPath:
    """Takes the tool from PATH, which has to have the pinned version. `hint` says how to install it."""

    hint: str

    def recipe(self, tool: Tool) -> Iterator[bytes]:
        # The file behind links: a link stays the same when another version is installed behind it.
        path = shutil.which(tool.name)
        if path is not None:
            file = Path(path).resolve()
            yield f"{file} {file.stat().st_size} {file.stat().st_mtime_ns}".encode()

    def obtain(self, tool: Tool, target: Path) -> None:
        path = shutil.which(tool.name)
        if path is None:
            raise ToolError(f"{tool}: there is no `{tool.name}` on PATH; {self.hint}")
        target.symlink_to(Path(path).resolve())


def _kubernetes(name: str, version: str, module: str) -> Tool:
    """A part of Kubernetes; the linker sets its version."""
    ldflags = f"-s -w -X k8s.io/component-base/version.gitVersion={version}"
    source = GoBuild(f"k8s.io/kubernetes/cmd/{name}", ldflags, module=module)
    return Tool(name, version, source, ("--version",), f"Kubernetes {re.escape(version)}")


def _knative(name: str) -> Tool:
    """A part of Knative Serving; none of them prints its version."""
    return Tool(f"knative-{name}", "v0.42.2", GoBuild(f"knative.dev/serving/cmd/{name}", module="knative"), ())


def _victoria(name: str, checksum: str = "h1:GlM6ZYEE1p6hh1xTSQnLVHWnmWmlbgqa4EyBxBSm1/k=") -> Tool:
    """A database of VictoriaMetrics' module."""
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
    "remove_all_sd,enable_dns_sd",  # without these tags, most of the build would be clients of clouds
)
_HELM = "-s -w -X helm.sh/helm/v{0}/internal/version.version={1}"
_SHORT = ("version", "--short")
TOOLS = {
    tool.name: tool
    for tool in (
        Tool("kustomize", "v5.8.2", GoBuild("sigs.k8s.io/kustomize/kustomize/v5")),
        # The linker sets the patch version.
        *(
            Tool(f"helm{v[1]}", v, GoBuild(f"helm.sh/helm/{v[:2]}/cmd/helm", _HELM.format(v[1], v)), _SHORT, f"{v}.*")
            for v in ("v3.22.0", "v4.3.1")
        ),
        # Substitutes variables in manifests as Flux does.
        Tool("fluxsubst", "v1.30.0", GoBuild("."), ()),
        # Argo CD's plugin server, and a client that calls it as the repo-server does.
        Tool("argocd-cmp-server", "v2.14.21", GoBuild("./server", module="argocd"), ()),
        Tool("argocd-cmp-client", "v2.14.21", GoBuild("./client", module="argocd"), ()),
        # tools/go/otelcol/builder.yaml has its version, too, and its components.
        Tool("otelcol", "0.158.0", GoBuild("."), ("--version",), r"otelcol version 0\.158\.0"),
        # The program that tests instrument: a service, a Job, many traces.
        Tool("oteldemo", "1", GoBuild("."), ()),
        Tool("oaasrs", "1", GoBuild("."), ()),
        # KRM functions in Go, on kustomize's library and on kpt's SDK: what krm-otel is compared with.
        Tool("peer-kyaml", "v0.21.1", GoBuild("./kyaml", module="peers"), ()),
        Tool("peer-sdk", "v1.0.3", GoBuild("./sdk", module="peers"), ()),
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
        # Knative's checks of a Service, as its webhook makes them, without a cluster.
        Tool("knative-admission", "v0.42.2", GoBuild("."), ()),
        # The Go module proxy has it under neither of its two module names.
        Tool("kpt", "1.0.0-beta.56", OnPath("install that version, for instance with Google Cloud's packages")),
    )
}


def go_environment(extra: Mapping[str, str]) -> dict[str, str]:
    """The environment of reproducible Go builds."""
    # With readonly and a complete go.sum, a build has the same sources on every machine, or fails. With local, a module
    # that needs a newer Go fails and downloads none.
    return {
        **os.environ,
        "CGO_ENABLED": "0",
        "GOFLAGS": "-mod=readonly -trimpath -buildvcs=false",
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
        **extra,
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
    """Builds a package of the module in `cwd`."""
    if shutil.which("go") is None:
        raise ToolError(f"{tool}: building it needs Go, and there is no `go` on PATH")
    command = ["go", "build", "-tags", tags, "-ldflags", ldflags, "-o", str(target), package]
    run_with_heartbeat(tool, command, cwd=cwd, env=go_environment(env or {}))


def require(name: str) -> Path:
    """The path of a tool; raises ToolError if it is missing."""
    tool = TOOLS[name]
    if not tool.path.exists():
        raise ToolError(f"{tool} is missing: `make tools` provides it")
    return tool.path


def cache_dir() -> Path:
    """The folder of all tools."""
    # The XDG standard says to ignore an empty or relative value.
    configured = Path(os.environ.get("XDG_CACHE_HOME", ""))
    base = configured if configured.is_absolute() else Path.home() / ".cache"
    return base / "krm-otel" / "tools"


def provide(tool: Tool) -> None:
    """Builds or finds a tool, unless `tool.path` has the pinned version and the current recipe."""
    recipe = digest(tool)
    recipe_file = tool.path.with_name("recipe")
    if tool.path.exists() and recipe_file.exists() and recipe_file.read_text() == recipe:
        print(f"{tool}: up to date", flush=True)
        return
    print(f"{tool}: building ...", flush=True)
    start = time.monotonic()
    tool.path.parent.mkdir(parents=True, exist_ok=True)
    # In the same folder, so that the replacement is one rename.
    with tempfile.TemporaryDirectory(prefix="unfinished-", dir=tool.path.parent) as folder:
        executable = Path(folder) / tool.name
        tool.source.obtain(tool, executable)
        check_version(tool, executable)
        executable.replace(tool.path)
    # Written last: after an abort before this line the tool is good, and is only built again.
    recipe_file.write_text(recipe)
    print(f"{tool}: ready after {time.monotonic() - start:.0f} s", flush=True)


def digest(tool: Tool) -> str:
    """A digest of the tool's recipe."""
    parts = [hashlib.sha256(part).digest() for part in tool.source.recipe(tool)]
    return hashlib.sha256(b"".join(parts)).hexdigest()


def check_version(tool: Tool, executable: Path) -> None:
    """Raises ToolError if the executable does not print the pinned version."""
    if not tool.version_command:
        return
    command = [str(executable), *tool.version_command]
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    output = (done.stdout + done.stderr).strip()
    expected = tool.version_pattern or re.escape(tool.version)
    if done.returncode != 0 or not re.fullmatch(expected, output, re.DOTALL):
        hint = f"; {tool.source.hint}" if isinstance(tool.source, OnPath) else ""
        raise ToolError(
            f"{tool}: `{tool.name} {' '.join(tool.version_command)}` printed {output!r} (exit {done.returncode}){hint}"
        )


def run_with_heartbeat(tool: Tool, command: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> None:
    """Runs a long command, reports every HEARTBEAT seconds, and prints its output only if it fails."""
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
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(TOOLS)}; by default all")
    parser.add_argument("--print-dir", metavar="NAME", choices=TOOLS, help="only print its folder")
    arguments = parser.parse_args()
    unknown = [name for name in arguments.names if name not in TOOLS]
    if unknown:
        parser.error(f"no such tool: {', '.join(unknown)}")
    try:
        if arguments.print_dir:
            print(require(arguments.print_dir).parent)
            return 0
        # One after another: a single Go build uses all cores, and memory for each.
        for name in arguments.names or TOOLS:
            provide(TOOLS[name])
    except ToolError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
