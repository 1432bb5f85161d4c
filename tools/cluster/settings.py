"""The settings of the cluster's components: addresses, files and command lines.

A sandbox needs some of them: containerd may not set an OOM score below its own (`restrict_oom_score_adj`), and a
kubelet accepts cgroup v1 and swap only with settings that allow them. The API server needs an address that pods reach,
CoreDNS one that no pod has.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

NODE_IP = "10.245.0.1"
DNS_IP = "169.254.20.10"
API = f"https://{NODE_IP}:6443"
ETCD = "http://127.0.0.1:2379"
NETWORK = (
    ("ip", "link", "set", "lo", "up"),
    ("ip", "address", "add", f"{DNS_IP}/32", "dev", "lo"),
    ("ip", "link", "add", "node0", "type", "bridge"),
    ("ip", "address", "add", f"{NODE_IP}/24", "dev", "node0"),
    ("ip", "link", "set", "node0", "up"),
    ("ip", "route", "add", "default", "dev", "node0"),
)
COMPONENTS = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy", "coredns")
"""The components that tools/build.py builds; etcd and containerd are packages of Debian."""


def write(state: Path, token: str, pause_image: str) -> None:
    """Writes keys, tokens and configuration files; only root can read them."""
    state.chmod(0o700)
    certs = state / "certs"
    _openssl("genrsa", "-out", str(certs / "accounts.key"), "2048")
    # The API server identifies itself to the kubelet with this certificate; both get it.
    _openssl(
        *("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/O=system:masters/CN=apiserver"),
        *("-keyout", str(certs / "kubelet-client.key"), "-out", str(certs / "kubelet-client.crt")),
    )
    (state / "tokens.csv").write_text(f"{token},admin,1,system:masters\n")
    (state / "kubeconfig").write_text(_kubeconfig(certs, token))
    (state / "cni" / "10-bridge.conflist").write_text(json.dumps(_CNI))
    (state / "containerd.toml").write_text(_CONTAINERD.format(state=state, pause=pause_image))
    (state / "kubelet.yaml").write_text(_KUBELET.format(state=state, node=NODE_IP, dns=DNS_IP))
    (state / "Corefile").write_text(_COREFILE.format(state=state, dns=DNS_IP))


def command(name: str, tools: Mapping[str, Path], state: Path) -> list[str]:
    """The command line of a component, from the tools that tools/build.py builds or from PATH."""
    arguments = _control_plane(state) | _node(state)
    return [str(tools.get(name, name)), *arguments[name]]


def _control_plane(state: Path) -> dict[str, list[str]]:
    certs, kubeconfig = state / "certs", f"--kubeconfig={state / 'kubeconfig'}"
    return {
        "etcd": [
            f"--data-dir={state / 'etcd'}",
            f"--listen-client-urls={ETCD}",
            f"--advertise-client-urls={ETCD}",
            "--listen-peer-urls=http://127.0.0.1:2380",
            "--unsafe-no-fsync",
        ],
        "kube-apiserver": [
            f"--etcd-servers={ETCD}",
            f"--bind-address={NODE_IP}",
            f"--advertise-address={NODE_IP}",
            "--secure-port=6443",
            f"--cert-dir={certs}",
            f"--service-account-key-file={certs / 'accounts.key'}",
            f"--service-account-signing-key-file={certs / 'accounts.key'}",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--token-auth-file={state / 'tokens.csv'}",
            "--authorization-mode=RBAC",
            "--service-cluster-ip-range=10.96.0.0/24",
            "--kubelet-preferred-address-types=InternalIP",
            f"--kubelet-client-certificate={certs / 'kubelet-client.crt'}",
            f"--kubelet-client-key={certs / 'kubelet-client.key'}",
        ],
        "kube-controller-manager": [
            kubeconfig,
            f"--service-account-private-key-file={certs / 'accounts.key'}",
            f"--root-ca-file={certs / 'apiserver.crt'}",
            "--leader-elect=false",
            "--bind-address=127.0.0.1",
            f"--cert-dir={certs / 'manager'}",
        ],
        "kube-scheduler": [
            kubeconfig,
            "--leader-elect=false",
            "--bind-address=127.0.0.1",
            f"--cert-dir={certs / 'scheduler'}",
        ],
    }


def _node(state: Path) -> dict[str, list[str]]:
    kubeconfig = f"--kubeconfig={state / 'kubeconfig'}"
    return {
        "containerd": [f"--config={state / 'containerd.toml'}"],
        "kubelet": [
            kubeconfig,
            f"--config={state / 'kubelet.yaml'}",
            "--hostname-override=node-1",
            f"--node-ip={NODE_IP}",
            f"--root-dir={state / 'kubelet'}",
            f"--cert-dir={state / 'certs' / 'kubelet'}",
        ],
        "kube-proxy": [
            kubeconfig,
            "--hostname-override=node-1",
            "--proxy-mode=iptables",
            "--cluster-cidr=10.244.0.0/16",
            "--healthz-bind-address=127.0.0.1:10256",
            "--conntrack-max-per-core=0",
        ],
        "coredns": ["-conf", str(state / "Corefile")],
    }


def _openssl(*arguments: str) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


def _kubeconfig(certs: Path, token: str) -> str:
    cluster = {"server": API, "certificate-authority": str(certs / "apiserver.crt")}
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "krm-otel", "cluster": cluster}],
            "users": [{"name": "admin", "user": {"token": token}}],
            "contexts": [{"name": "krm-otel", "context": {"cluster": "krm-otel", "user": "admin"}}],
            "current-context": "krm-otel",
        }
    )


_CNI = {
    "cniVersion": "1.0.0",
    "name": "krm-otel",
    "plugins": [
        {
            "type": "bridge",
            "bridge": "pods0",
            "isGateway": True,
            "ipMasq": True,
            "hairpinMode": True,
            "ipam": {
                "type": "host-local",
                "ranges": [[{"subnet": "10.244.0.0/24"}]],
                "routes": [{"dst": "0.0.0.0/0"}],
            },
        },
        {"type": "portmap", "capabilities": {"portMappings": True}},
    ],
}
_CONTAINERD = """\
version = 2
root = "{state}/containerd/root"
state = "{state}/containerd/state"
[grpc]
  address = "{state}/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{pause}"
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "{state}/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
"""
_KUBELET = """\
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: {node}
containerRuntimeEndpoint: unix://{state}/containerd.sock
cgroupDriver: cgroupfs
cgroupRoot: /
cgroupsPerQOS: false
enforceNodeAllocatable: []
failSwapOn: false
failCgroupV1: false
authentication:
  anonymous: {{enabled: false}}
  webhook: {{enabled: false}}
  x509: {{clientCAFile: "{state}/certs/kubelet-client.crt"}}
authorization: {{mode: AlwaysAllow}}
clusterDNS: ["{dns}"]
clusterDomain: cluster.local
localStorageCapacityIsolation: false
imageGCHighThresholdPercent: 100
evictionHard: {{memory.available: 100Mi, nodefs.available: "1%"}}
"""
_COREFILE = """\
.:53 {{
  bind {dns}
  kubernetes cluster.local {{
    kubeconfig {state}/kubeconfig krm-otel
  }}
  cache 5
}}
"""
