"""A real Kubernetes of one node, for tests: `make cluster-up`, `make cluster-down`.

It runs in its own namespaces (processes, network, mounts), below one process that supervises it. When this process
ends for any reason, the kernel ends all others and removes their mounts and interfaces: only a folder remains. The
network is its own too, so only this machine reaches it:

    python3 -m tools.cluster run -- kubectl get pods      a command in the cluster's network
    python3 -m tools.cluster knative                      Knative Serving on it

It needs root, the tools of tools/build.py, and some packages of Debian (PACKAGES), which it installs if they are
missing. Like tools/build.py, it imports only the standard library.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tools.build import ToolError, require
from tools.cluster import settings
from tools.cluster.images import write_image
from tools.system import install_packages, run_quietly

STATE = Path(os.environ.get("KRM_OTEL_CLUSTER", "/var/tmp/krm-otel-cluster"))  # short: socket paths are limited
READY, SUPERVISOR = STATE / "ready", STATE / "supervisor.pid"
KUBECONFIG = STATE / "kubeconfig"
CGROUPS = [folder / "k8s.io" for folder in (Path("/sys/fs/cgroup"), *Path("/sys/fs/cgroup").glob("*/"))]
"""The control groups of containers: one with cgroup v2, one for each controller with v1."""
TIMEOUT = 120.0  # seconds
PACKAGES = {
    "etcd": "etcd-server",
    "containerd": "containerd",
    "runc": "runc",
    "iptables": "iptables",
    "ip": "iproute2",
    "conntrack": "conntrack",
    "openssl": "openssl",
    "curl": "curl",
    "nsenter": "util-linux",
    "/usr/lib/cni/bridge": "containernetworking-plugins",
}
"""Command or file → package of Debian that has it."""
COLLECTOR_IMAGE = "docker.io/otel/opentelemetry-collector-contrib:0.158.0"
DEMO_IMAGE = "docker.io/library/oteldemo:1"
PAUSE_IMAGE = "docker.io/library/pause:1"


class ClusterError(ToolError):
    """The cluster cannot run; the message says what to do."""


# --- from outside ---


def up() -> None:
    """Starts the cluster and waits until its node is ready; does nothing if it is running."""
    if running() and READY.exists():
        print(f"cluster: running; KUBECONFIG={KUBECONFIG}", flush=True)
        return
    down()
    if os.geteuid() != 0:
        raise ClusterError("cluster: it creates containers and networks, so it needs root: run it as root")
    if shutil.which("kubectl") is None:
        raise ClusterError("cluster: there is no `kubectl` on PATH; install one from 1.31 to 1.35")
    install_packages(PACKAGES)
    for name in settings.COMPONENTS:
        require(name)  # so that a missing tool is reported before anything starts
    for folder in ("logs", "certs", "images", "cni"):
        (STATE / folder).mkdir(parents=True)
    settings.write(STATE, secrets.token_hex(16), PAUSE_IMAGE)
    log("starting")
    # With its own session and without a parent, it outlives the process that starts it.
    inner = f"unshare --net --mount --pid --fork --mount-proc --kill-child {sys.executable} -m tools.cluster supervise"
    script = f"echo $$ >{SUPERVISOR}; exec {inner} >{STATE}/logs/supervisor.log 2>&1 </dev/null"
    subprocess.run(["setsid", "--fork", "sh", "-c", script], cwd=Path(__file__).resolve().parents[2], check=True)
    try:
        wait("its first process", lambda: running() is not None, lambda: True, 5)
        wait("control plane and node", READY.exists, lambda: running() is not None)
        load_images()
    except BaseException:
        print_logs()
        down()
        raise
    log(f"ready; KUBECONFIG={KUBECONFIG}, reached by python3 -m tools.cluster run -- COMMAND")


def down() -> None:
    """Ends the cluster and removes what remains of it."""
    pid = running()
    if pid is not None:
        os.kill(pid, signal.SIGKILL)  # ends `unshare`, which ends the namespace's first process, which ends all others
        wait("its end", lambda: running() is None, lambda: True)
        # Killed processes leave their control groups a moment later. A group that is in use cannot be removed.
        with contextlib.suppress(ClusterError):
            wait("control groups", lambda: all(map(remove_cgroup, CGROUPS)), lambda: True, 5)
    shutil.rmtree(STATE, ignore_errors=True)


def leftovers() -> list[str]:
    """What remains of a cluster: its folder, and the command lines of its processes."""
    remaining = [str(STATE)] if STATE.exists() else []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if str(STATE).encode() in (command := file.read_bytes()):
                remaining.append(command.replace(b"\0", b" ").decode(errors="replace"))
    return remaining


def running() -> int | None:
    """The pid of the supervising process; None if the cluster is not running."""
    try:
        pid = int(SUPERVISOR.read_text())
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (OSError, ValueError):
        return None
    return pid if b"tools.cluster" in command else None  # another process may have the pid now


def remove_cgroup(group: Path) -> bool:
    """Removes a control group with all below it; returns whether that worked."""
    for folder in [*sorted(group.rglob("*/"), reverse=True), group]:
        with contextlib.suppress(OSError):
            folder.rmdir()
    return not group.exists()


def inside(*command: str) -> list[str]:
    """A command that runs in the cluster's network."""
    pid = running()
    if pid is None:
        raise ClusterError("cluster: it is not running: `make cluster-up` starts it")
    (child,) = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return ["nsenter", "--target", child, "--net", "--", *command]


def run(command: Sequence[str]) -> int:
    """Runs a command in the cluster's network, with its KUBECONFIG."""
    environment = {**os.environ, "KUBECONFIG": str(KUBECONFIG)}
    return subprocess.run(inside(*command), env=environment, check=False).returncode


def load_images() -> None:
    """Loads the images that pods need: there is no registry to pull them from."""
    for name, tool, command, user in (
        (PAUSE_IMAGE, "oteldemo", ("pause",), 0),
        (DEMO_IMAGE, "oteldemo", (), 10001),
        (COLLECTOR_IMAGE, "otelcol", (), 10001),
    ):
        load_image(name, require(tool), command, user)


def load_image(name: str, executable: Path, command: Sequence[str] = (), user: int = 0) -> None:
    """Makes an image of one executable and loads it; see `write_image`."""
    archive = STATE / "images" / f"{abs(hash(name))}.tar"
    write_image(archive, name, executable, command, user)
    import_image(archive)


def import_image(archive: Path) -> None:
    """Loads an image from an archive, and deletes the archive."""
    run_quietly(
        "ctr", "--address", str(STATE / "containerd.sock"), "--namespace", "k8s.io", "images", "import", str(archive)
    )
    archive.unlink()


# --- from inside: the first process of the namespace ---


def supervise() -> None:
    """Starts all components in order, then runs on, as the parent of processes that lose theirs."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    for command in settings.NETWORK:
        run_quietly(*command)
    run_quietly("mount", "--make-rshared", "/")
    Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
    tools = {name: require(name) for name in settings.COMPONENTS}
    kubectl = ["kubectl", "--kubeconfig", str(KUBECONFIG)]
    processes: list[subprocess.Popen[bytes]] = []

    def start(name: str, ready: Callable[[], bool] | None = None) -> None:
        print(f"starting {name}", flush=True)
        with (STATE / "logs" / f"{name}.log").open("wb") as output:
            process = subprocess.Popen(
                settings.command(name, tools, STATE), stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )
        processes.append(process)
        if ready is not None:
            wait(name, ready, lambda: process.poll() is None)

    start("etcd", lambda: succeeds("curl", "--silent", "--fail", f"{settings.ETCD}/health"))
    start("kube-apiserver", lambda: succeeds(*kubectl, "get", "--raw", "/readyz"))
    start("kube-controller-manager")
    start("kube-scheduler")
    start("containerd", lambda: succeeds("ctr", "--address", str(STATE / "containerd.sock"), "version"))
    start("kubelet", lambda: succeeds(*kubectl, "wait", "--for=condition=Ready", "node", "--all", "--timeout=1s"))
    start("kube-proxy")
    start("coredns")
    wait("the default account", lambda: succeeds(*kubectl, "get", "serviceaccount", "default"), lambda: True)
    READY.touch()
    while True:
        pid, status = os.wait()
        if ended := next((process for process in processes if process.pid == pid), None):
            print(f"{ended.args!r} ended with {status}", flush=True)
            READY.unlink(missing_ok=True)


# --- waiting and reporting ---


def wait(subject: str, is_done: Callable[[], bool], is_alive: Callable[[], bool], timeout: float = TIMEOUT) -> None:
    """Polls until `is_done`, and reports every ten seconds that it is waiting.

    Raises:
        ClusterError: after `timeout` seconds, or when the process that it depends on is no longer alive.
    """
    start = reported = time.monotonic()
    while not is_done():
        now = time.monotonic()
        if not is_alive():
            raise ClusterError(f"cluster: {subject}: the process has ended")
        if now - start > timeout:
            raise ClusterError(f"cluster: {subject}: not ready after {timeout:.0f} s")
        if now - reported > 10:
            log(f"waiting for {subject}, {now - start:.0f} s")
            reported = now
        time.sleep(0.1)


def succeeds(*command: str) -> bool:
    """Whether a command succeeds."""
    return subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, check=False).returncode == 0


def print_logs() -> None:
    """Prints the end of each component's log."""
    for log in sorted((STATE / "logs").glob("*.log")):
        print(f"--- {log.name}", *log.read_text(errors="replace").splitlines()[-15:], sep="\n", file=sys.stderr)


def log(text: str) -> None:
    print(f"cluster: {text}", flush=True)
