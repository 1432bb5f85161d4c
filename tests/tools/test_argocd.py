"""The plugin in Argo CD's real plugin server, asked over its socket as the repo-server asks it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.tools.clients import Answer, run
from tests.tools.function import FUNCTION, injected, manifests
from tools.build import require
from tools.containers.podman import argocd_image, environment

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "argocd"
LIMIT = "60s"

Ask = Callable[..., Answer]


class Server:
    """argocd-cmp-server with one plugin, and its client."""

    def __init__(self, folder: Path):
        self.folder = folder
        (folder / "config").mkdir(parents=True)
        self.plugin = yaml.safe_load((EXAMPLE / "plugin.yaml").read_text())
        self.process: subprocess.Popen[str] | None = None
        self.container = ""

    def start_in_the_image(self) -> None:
        """As the sidecar of the example runs: its command, user and mounts, and nothing else that can be written."""
        patch = yaml.safe_load((EXAMPLE / "repo-server-patch.yaml").read_text())
        (sidecar,) = patch["spec"]["template"]["spec"]["containers"]
        security = sidecar["securityContext"]
        assert (security["readOnlyRootFilesystem"], security["capabilities"]) == (True, {"drop": ["ALL"]})
        assert sidecar["image"] == argocd_image()
        plugin = self.folder / "config" / "plugin.yaml"
        plugin.write_text(yaml.safe_dump(self.plugin))
        program = Path(shutil.copy2(require("argocd-cmp-server"), self.folder / "argocd-cmp-server"))
        self.folder.chmod(0o777)
        told = {
            "var-files": ["-v", f"{program.parent}:{{}}:ro"],
            "plugins": ["-v", f"{self.folder}:{{}}"],
            "krm-otel-plugin": ["-v", f"{plugin}:{{}}:ro"],
            "krm-otel-tmp": ["--tmpfs", "{}"],
        }
        mounts = [word.format(mount["mountPath"]) for mount in sidecar["volumeMounts"] for word in told[mount["name"]]]
        self.container = self.folder.name
        flags = ["--rm", "--name", self.container, "--network", "none", "--read-only", "--cap-drop", "all"]
        flags += ["--security-opt", "no-new-privileges", "--user", str(security["runAsUser"]), *mounts]
        entrypoint = ["--entrypoint", *sidecar["command"]]
        self._listen(["podman", "run", *flags, *entrypoint, sidecar["image"]], environment())

    def start(self) -> None:
        (self.folder / "config" / "plugin.yaml").write_text(yaml.safe_dump(self.plugin))
        tool = require("argocd-cmp-server")
        config = str(self.folder / "config")
        kustomize = require("kustomize").parent
        env = {
            **os.environ,
            "ARGOCD_PLUGINSOCKFILEPATH": str(self.folder),
            "ARGOCD_CMP_WORKDIR": str(self.folder / "work"),
            "PATH": os.pathsep.join([str(FUNCTION.parent), str(kustomize), os.environ["PATH"]]),
        }
        self._listen([tool, "--config-dir-path", config], env)

    def _listen(self, command: list[str | Path], env: Mapping[str, str]) -> None:
        log = subprocess.PIPE
        self.process = subprocess.Popen(command, env=env, stdout=log, stderr=subprocess.STDOUT, text=True)
        assert self.process.stdout
        said = []
        for line in self.process.stdout:  # it says when it listens
            if "serving on" in line:
                return
            said.append(line)
        raise AssertionError(f"the plugin server ended before it listened: {''.join(said)}")

    def ask(self, what: str, application: Path, *env: str, limit: str = LIMIT) -> Answer:
        socket = self.folder / "krm-otel.sock"
        return run([require("argocd-cmp-client"), socket, what, application, application, limit, *env])

    def stop(self) -> None:
        if self.process is not None:
            if self.container:
                run(["podman", "rm", "--force", "--time", "0", self.container], env=environment()).ok()
            self.process.kill()  # it does not listen to SIGTERM
            self.process.communicate()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    # A socket's path may have 108 characters.
    folder = Path("/tmp") / f"krm-otel-{os.getpid()}-{abs(hash(tmp_path)) % 100_000}"
    found = Server(folder)
    yield found
    found.stop()
    shutil.rmtree(folder)


@pytest.fixture
def application(tmp_path: Path) -> Path:
    """The quickstart, with an OTelConfig beside it, in a repository."""
    folder = tmp_path / "shop"
    shutil.copytree(ROOT / "examples" / "quickstart", folder)
    class_runtime = folder / "classruntime.yaml"
    lines = class_runtime.read_text().splitlines(keepends=True)
    said_elsewhere = ("collector:", "mode:", "endpoint:", "propagators:")
    class_runtime.write_text("".join(line for line in lines if not line.strip().startswith(said_elsewhere)))
    config = {
        "apiVersion": "fn.oaas.io/v1alpha1",
        "kind": "OTelConfig",
        "metadata": {"name": "otel"},
        "spec": {"telemetry": {"propagators": ["w3c"]}, "collector": {"endpoint": "http://from-config:4317"}},
    }
    (folder / "otel.yaml").write_text(yaml.safe_dump(config))
    return folder


def generated(answer: Answer) -> list[dict[str, Any]]:
    """The manifests of an answer: Argo CD has each as JSON."""
    answer.ok()
    return manifests("\n---\n".join(json.loads(answer.stdout)["manifests"]).encode())


def endpoints(found: list[dict[str, Any]]) -> set[str]:
    pods = [one["spec"]["template"]["spec"] for one in found if one["kind"] == "Deployment"]
    entries = [entry for pod in pods for one in pod["containers"] for entry in one.get("env", [])]
    return {entry["value"] for entry in entries if entry["name"] == "OTEL_EXPORTER_OTLP_ENDPOINT"}


def test_applications_with_a_class_are_its_own(server: Server, application: Path, tmp_path: Path) -> None:
    server.start()
    assert json.loads(server.ask("match", application).ok().stdout)["isSupported"] is True
    other = tmp_path / "other"
    other.mkdir()
    (other / "service.yaml").write_text("apiVersion: v1\nkind: Service\nmetadata: {name: a}\n")
    assert not json.loads(server.ask("match", other).ok().stdout).get("isSupported")


def test_parameters_are_announced(server: Server, application: Path) -> None:
    server.start()
    answer = json.loads(server.ask("parameters", application).ok().stdout)
    found = {one["name"]: one for one in answer["parameterAnnouncements"]}
    assert found["sampling_rate"]["itemType"] == "number"
    assert found["propagators"]["collectionType"] == "array"
    assert found["resource_attributes"]["collectionType"] == "map"
    assert all(one["tooltip"] for one in found.values())


def test_it_generates_with_the_configuration_in_the_folder(server: Server, application: Path) -> None:
    """What no cluster knows is not among the manifests."""
    server.start()
    found = generated(server.ask("generate", application))
    assert endpoints(found) == {"http://from-config:4317"}
    assert any(injected(found).values())
    assert {one["kind"] for one in found} & {"OTelConfig", "Kptfile"} == set()
    assert "ClassRuntime" in {one["kind"] for one in found}


def test_parameters_rank_above_it(server: Server, application: Path) -> None:
    server.start()
    parameters = [
        {"name": "endpoint", "string": "http://from-parameters:4317"},
        {"name": "propagators", "array": ["b3", "w3c"]},
        {"name": "resource_attributes", "map": {"tier": "a,b"}},
    ]
    found = generated(server.ask("generate", application, f"ARGOCD_APP_PARAMETERS={json.dumps(parameters)}"))
    assert endpoints(found) == {"http://from-parameters:4317"}
    text = json.dumps(found)
    assert '"b3,tracecontext,baggage"' in text
    assert "tier=a%2Cb" in text


def test_the_example_application_is_rendered_as_it_says(server: Server, application: Path) -> None:
    """Its variables are made by Argo CD's own code from its manifest, which knows every field that is there."""
    class_runtime = application / "classruntime.yaml"  # what it says itself ranks above
    lines = class_runtime.read_text().splitlines(keepends=True)
    class_runtime.write_text("".join(line for line in lines if "environment:" not in line and "rate:" not in line))
    server.start()
    found = generated(server.ask("generate", application, f"@{EXAMPLE / 'application.yaml'}"))
    assert endpoints(found) == {"http://otel-collector.observability:4317"}
    text = json.dumps(found)
    assert "environment=production" in text
    assert '"value": "0.05"' in text


def test_an_application_of_the_example_set_has_no_parameters(server: Server, application: Path) -> None:
    """What Argo CD sends then is no empty list, but `null`: the OTelConfig in the folder counts alone."""
    server.start()
    one = yaml.safe_load((EXAMPLE / "applicationset.yaml").read_text())["spec"]["template"]
    assert one["spec"]["source"]["plugin"] == {"name": "krm-otel"}
    manifest = application.parent / "application.yaml"
    manifest.write_text(yaml.safe_dump({"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", **one}))
    found = generated(server.ask("generate", application, f"@{manifest}"))
    assert endpoints(found) == {"http://from-config:4317"}
    again = server.ask("generate", application, "ARGOCD_APP_PARAMETERS=null")
    assert generated(again) == found


def test_a_kustomization_is_built_first(server: Server, application: Path) -> None:
    (application / "otel.yaml").unlink()
    resources = [file.name for file in sorted(application.glob("*.yaml"))]
    (application / "kustomization.yaml").write_text(yaml.safe_dump({"resources": resources, "namePrefix": "eu-"}))
    server.start()
    parameters = json.dumps(
        [{"name": "endpoint", "string": "http://otel:4317"}, {"name": "propagators", "array": ["w3c"]}]
    )
    found = generated(server.ask("generate", application, f"ARGOCD_APP_PARAMETERS={parameters}"))
    assert endpoints(found) == {"http://otel:4317"}
    assert all(one["metadata"]["name"].startswith("eu-") for one in found)
    assert "OTelConfig" not in {one["kind"] for one in found}
    (application / "kustomization.yaml").write_text("resources: [not-there.yaml]\n")
    failed = server.ask("generate", application)
    assert failed.code == 1
    assert "kustomize build failed" in failed.stderr


@pytest.mark.parametrize("annotations", [{}, {"config.kubernetes.io/local-config": "true"}], ids=["", "local"])
@pytest.mark.parametrize("listed", [True, False])
def test_an_otelconfig_in_the_folder_counts_beside_a_kustomization(
    server: Server, application: Path, listed: bool, annotations: dict[str, str]
) -> None:
    """kustomize drops one that says local-config, and does not look at one that is no resource."""
    otel = yaml.safe_load((application / "otel.yaml").read_text())
    otel["metadata"]["annotations"] = annotations
    (application / "otel.yaml").write_text(yaml.safe_dump(otel))
    resources = [file.name for file in sorted(application.glob("*.yaml")) if listed or file.name != "otel.yaml"]
    (application / "kustomization.yaml").write_text(yaml.safe_dump({"resources": resources}))
    server.start()
    found = generated(server.ask("generate", application))
    assert endpoints(found) == {"http://from-config:4317"}
    assert "OTelConfig" not in {one["kind"] for one in found}


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ('[{"name": "sampling_rat", "string": "1"}]', "write sampling_rate"),
        ('{"sampling_rate": 1}', "is not a list of parameters"),
        ("nonsense", "is not a list of parameters"),
    ],
)
def test_what_is_wrong_reaches_the_repo_server(
    server: Server, application: Path, parameters: str, sentence: str
) -> None:
    server.start()
    answer = server.ask("generate", application, f"ARGOCD_APP_PARAMETERS={parameters}")
    assert answer.code == 1
    assert sentence in answer.stderr


def test_in_its_image_the_sidecar_of_the_example_does_the_same(server: Server, application: Path) -> None:
    """Match, and a kustomization with parameters: the image's own kustomize, nothing to write to but /tmp."""
    (application / "otel.yaml").unlink()
    resources = [file.name for file in sorted(application.glob("*.yaml"))]
    (application / "kustomization.yaml").write_text(yaml.safe_dump({"resources": resources, "namePrefix": "eu-"}))
    server.start_in_the_image()
    assert json.loads(server.ask("match", application).ok().stdout)["isSupported"] is True
    found = generated(server.ask("generate", application, f"@{EXAMPLE / 'application.yaml'}"))
    assert endpoints(found) == {"http://otel-collector.observability:4317"}
    assert all(one["metadata"]["name"].startswith("eu-") for one in found)


def test_an_empty_output_never_passes_for_success(server: Server, tmp_path: Path) -> None:
    """With pruning it would delete everything."""
    server.start()
    for name, text in (
        ("nothing", ""),
        ("comment", "# nothing\n"),
        ("aside", "kind: Kptfile\napiVersion: kpt.dev/v1\n"),
    ):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "a.yaml").write_text(text)
        answer = server.ask("generate", folder)
        assert answer.code == 1, name
        assert "no manifests" in answer.stderr


def test_a_generate_that_hangs_is_cut_off(server: Server, application: Path) -> None:
    """At the deadline that the repo-server gives."""
    server.plugin["spec"]["generate"]["command"] = ["sleep", "600"]
    server.start()
    answer = server.ask("generate", application, limit="2s")
    assert answer.code == 1
    assert "`sleep 600` failed signal:" in answer.stderr
