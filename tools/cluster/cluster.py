"""A real Kubernetes of one node, for tests: `make cluster-up`, `make cluster-down`.

It lives in namespaces of its own (processes, network, mounts), below one process that supervises it. When that one
ends, however it does, the kernel ends all others and takes their mounts and interfaces away: nothing is left behind but
a folder. Nobody but this machine reaches it, since its network is its own:

    python3 -m tools.cluster run -- kubectl get pods      a command in the cluster's network
    python3 -m tools.cluster knative                      Knative Serving on it

Needs root, the tools of tools/build.py, and Debian's etcd-server, containerd, runc and containernetworking-plugins,
which are installed where they are missing. Nothing else but the standard library, as tools/build.py.
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

from tools.build import require
from tools.cluster import settings
from tools.cluster.images import write_image

STATE = Path(os.environ.get("KRM_OTEL_CLUSTER", "/var/tmp/krm-otel-cluster"))  # short: socket paths are limited
READY, SUPERVISOR = STATE / "ready", STATE / "supervisor.pid"
KUBECONFIG = STATE / "kubeconfig"
CGROUPS = [folder / "k8s.io" for folder in (Path("/sys/fs/cgroup"), *Path("/sys/fs/cgroup").glob("*/"))]
"""Where containerd puts containers: with cgroup v2, and with v1 for each controller."""
PATIENCE = 120.0  # seconds until a component that says nothing is given up
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
"""Command or file → Debian's package that has it."""
COLLECTOR_IMAGE = "docker.io/otel/opentelemetry-collector-contrib:0.158.0"
DEMO_IMAGE = "docker.io/library/oteldemo:1"
PAUSE_IMAGE = "docker.io/library/pause:1"


class ClusterError(Exception):
    """The cluster cannot be had; the message tells a person what to do."""


# --- from outside ---


def up() -> None:
    """Starts the cluster and waits until its node is ready; does nothing where it is running."""
    if running() and READY.exists():
        print(f"cluster: running; KUBECONFIG={KUBECONFIG}", flush=True)
        return
    down()
    if os.geteuid() != 0:
        raise ClusterError("cluster: containers and networks are made here, which needs root")
    install_packages()
    for name in settings.COMPONENTS:
        require(name)  # what is missing is said before anything is started
    for folder in ("logs", "certs", "images", "cni"):
        (STATE / folder).mkdir(parents=True)
    settings.write(STATE, secrets.token_hex(16), PAUSE_IMAGE)
    say("starting")
    # Its own session and nobody's child: it outlives whoever starts it.
    inner = f"unshare --net --mount --pid --fork --mount-proc --kill-child {sys.executable} -m tools.cluster supervise"
    script = f"echo $$ >{SUPERVISOR}; exec {inner} >{STATE}/logs/supervisor.log 2>&1 </dev/null"
    subprocess.run(["setsid", "--fork", "sh", "-c", script], cwd=Path(__file__).resolve().parents[2], check=True)
    try:
        wait("its first process", lambda: running() is not None, lambda: True, 5)
        wait("control plane and node", READY.exists, lambda: running() is not None)
        load_images()
    except BaseException:
        tell_logs()
        down()
        raise
    say(f"ready; KUBECONFIG={KUBECONFIG}, reached by python3 -m tools.cluster run -- COMMAND")


def down() -> None:
    """Ends the cluster, whatever is left of it."""
    pid = running()
    if pid is not None:
        os.kill(pid, signal.SIGKILL)  # `unshare` takes the first process of the namespace with it, and that all others
        wait("the end", lambda: running() is None, lambda: True)
        # Processes that were killed leave their groups a moment later. One that is in use cannot be removed.
        with contextlib.suppress(ClusterError):
            wait("control groups", lambda: not any(map(remains, CGROUPS)), lambda: True, 5)
    shutil.rmtree(STATE, ignore_errors=True)


def left() -> list[str]:
    """What is left of a cluster: command lines of its processes, and its folder."""
    found = [str(STATE)] if STATE.exists() else []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if str(STATE).encode() in (command := file.read_bytes()):
                found.append(command.replace(b"\0", b" ").decode(errors="replace"))
    return found


def running() -> int | None:
    """The process that all others are below, where it is there."""
    try:
        pid = int(SUPERVISOR.read_text())
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (OSError, ValueError):
        return None
    return pid if b"tools.cluster" in command else None  # pids are used again


def remains(group: Path) -> bool:
    """Whether a control group is still there after it was removed with all below it."""
    for folder in [*sorted(group.rglob("*/"), reverse=True), group]:
        with contextlib.suppress(OSError):
            folder.rmdir()
    return group.exists()


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
    """The images of the node: without any of them a pod would wait for a registry."""
    for name, tool, command, user in (
        (PAUSE_IMAGE, "oteldemo", ("pause",), 0),
        (DEMO_IMAGE, "oteldemo", (), 10001),
        (COLLECTOR_IMAGE, "otelcol", (), 10001),
    ):
        load_image(name, require(tool), command, user)


def load_image(name: str, executable: Path, command: Sequence[str] = (), user: int = 0) -> None:
    archive = STATE / "images" / f"{abs(hash(name))}.tar"
    write_image(archive, name, executable, command, user)
    import_image(archive)


def import_image(archive: Path) -> None:
    """Takes an image from a file, which goes."""
    quietly(
        "ctr", "--address", str(STATE / "containerd.sock"), "--namespace", "k8s.io", "images", "import", str(archive)
    )
    archive.unlink()


def install_packages() -> None:
    if shutil.which("kubectl") is None:
        raise ClusterError("cluster: there is no `kubectl` on PATH; install one from 1.31 to 1.35")
    missing = sorted({package for command, package in PACKAGES.items() if shutil.which(command) is None})
    if not missing:
        return
    if shutil.which("apt-get") is None:
        raise ClusterError(f"cluster: it needs {', '.join(missing)}, as Debian calls them")
    say(f"installing {', '.join(missing)}")
    quietly("apt-get", "update")
    # Debian starts services of what is installed; here they are started by hand, with their own settings.
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    quietly("apt-get", "install", "--yes", "--no-install-recommends", *missing, env=env)


# --- from inside: the first process of the namespace ---


def supervise() -> None:
    """Starts everything in order, and stays: processes that lose their parent come to this one."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    for command in settings.NETWORK:
        quietly(*command)
    quietly("mount", "--make-rshared", "/")
    Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
    tools = {name: require(name) for name in settings.COMPONENTS}
    kubectl = ["kubectl", "--kubeconfig", str(KUBECONFIG)]
    alive: list[subprocess.Popen[bytes]] = []

    def start(name: str, ready: Callable[[], bool] | None = None) -> None:
        print(f"starting {name}", flush=True)
        with (STATE / "logs" / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                settings.command(name, tools, STATE), stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        alive.append(process)
        if ready is not None:
            wait(name, ready, lambda: process.poll() is None)

    start("etcd", lambda: works("curl", "--silent", "--fail", f"{settings.ETCD}/health"))
    start("kube-apiserver", lambda: works(*kubectl, "get", "--raw", "/readyz"))
    start("kube-controller-manager")
    start("kube-scheduler")
    start("containerd", lambda: works("ctr", "--address", str(STATE / "containerd.sock"), "version"))
    start("kubelet", lambda: works(*kubectl, "wait", "--for=condition=Ready", "node", "--all", "--timeout=1s"))
    start("kube-proxy")
    start("coredns")
    wait("the default account", lambda: works(*kubectl, "get", "serviceaccount", "default"), lambda: True)
    READY.touch()
    while True:
        pid, status = os.wait()
        if ended := next((process for process in alive if process.pid == pid), None):
            print(f"{ended.args!r} ended with {status}", flush=True)
            READY.unlink(missing_ok=True)


# --- waiting and telling ---


def wait(what: str, happened: Callable[[], bool], alive: Callable[[], bool], patience: float = PATIENCE) -> None:
    """Asks until something has happened; says now and then that it is still waiting."""
    start = told = time.monotonic()
    while not happened():
        now = time.monotonic()
        if not alive():
            raise ClusterError(f"cluster: {what}: the process has ended")
        if now - start > patience:
            raise ClusterError(f"cluster: {what}: not there after {patience:.0f} s")
        if now - told > 10:
            say(f"waiting for {what}, {now - start:.0f} s")
            told = now
        time.sleep(0.1)


def works(*command: str) -> bool:
    return subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, check=False).returncode == 0


def quietly(*command: str, env: dict[str, str] | None = None) -> None:
    """Runs a command; its output is of interest only when it fails."""
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False, env=env)
    if done.returncode:
        raise ClusterError(
            f"cluster: `{' '.join(command)}` failed (exit {done.returncode}):\n{done.stdout}{done.stderr}"
        )


def tell_logs() -> None:
    for log in sorted((STATE / "logs").glob("*.log")):
        print(f"--- {log.name}", *log.read_text(errors="replace").splitlines()[-15:], sep="\n", file=sys.stderr)


def say(text: str) -> None:
    print(f"cluster: {text}", flush=True)
