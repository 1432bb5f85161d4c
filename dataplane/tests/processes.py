"""The services as processes: the real command, spans on stdout by the SDK's own console exporter."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import httpx

T = TypeVar("T")
WITHOUT_SDK = """
class Without:
    def find_spec(self, name, path=None, target=None):
        parts = name.split(".")
        if parts[0] == "opentelemetry" and parts[1:2] in (["sdk"], ["distro"], ["exporter"], ["instrumentation"]):
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Without())
"""
"""What Python finds where the extra is not installed."""
PORTS = {
    "router": "OPRC_ZENOH_PORT",
    "odgm": "ODGM_HTTP_PORT",
    "function": "PORT",
    "gateway": "OPRC_GW_HTTP_PORT",
}
"""Service → the variable that says where it listens."""
PATIENCE = 30.0  # seconds until what does not happen is given up


@dataclass(frozen=True)
class Span:
    """As the console exporter writes it."""

    service: str
    name: str
    kind: str
    trace_id: str
    span_id: str
    parent_id: str | None
    attributes: Mapping[str, Any]


@dataclass
class Service:
    """One process."""

    name: str
    process: subprocess.Popen[bytes]
    folder: Path
    stopped: bool = field(default=False)

    @property
    def log(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._file("err").read_text().splitlines()]

    def stop(self) -> int:
        if not self.stopped:
            self.process.send_signal(signal.SIGTERM)
            self.stopped = True
        return self.process.wait(PATIENCE)

    def spans(self) -> list[Span]:
        """All of them; the process has to be stopped, which is when it flushes."""
        assert self.stop() == 0, self._file("err").read_text()
        text, found, decoder = self._file("out").read_text(), [], json.JSONDecoder()
        while text := text.lstrip():
            entry, end = decoder.raw_decode(text)
            found.append(_span(self.name, entry))
            text = text[end:]
        return found

    def _file(self, kind: str) -> Path:
        return self.folder / f"{self.name}.{kind}"


def _span(service: str, entry: Mapping[str, Any]) -> Span:
    def bare(number: str | None) -> str | None:
        return number.removeprefix("0x") if number else None

    context = entry["context"]
    return Span(
        service,
        entry["name"],
        entry["kind"].removeprefix("SpanKind."),
        bare(context["trace_id"]) or "",
        bare(context["span_id"]) or "",
        bare(entry["parent_id"]),
        entry["attributes"],
    )


def start(folder: Path, name: str, environ: Mapping[str, str], *command: str) -> Service:
    """`oaas-dataplane <name>` with these variables, and none of the surroundings' OTEL_*."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("OTEL_", "OPRC_", "ODGM_"))}
    words = command or (sys.executable, "-m", "oaas_dataplane", name)
    with (folder / f"{name}.out").open("ab") as out, (folder / f"{name}.err").open("ab") as err:
        process = subprocess.Popen(words, env={**kept, **environ}, stdout=out, stderr=err, cwd=folder)
    return Service(name, process, folder)


@contextmanager
def platform(folder: Path, telemetry: Mapping[str, str], routes: Mapping[str, str] | None = None) -> Iterator[Platform]:
    """Router, ODGM, function and gateway for a class `shop` with a function `record`, on ports of their own choice.

    Args:
        routes: to other functions.
    """
    found = Platform(folder)
    with ExitStack() as stack:
        stack.callback(found.end)
        found.start("router", telemetry)
        found.listens("router")
        zenoh = {"OPRC_ZENOH_PEERS": found.peer, **telemetry}
        found.start("odgm", {**zenoh, "ODGM_COLLECTION": '[{"name": "shop"}]'})
        found.start("function", zenoh)
        for name in ("odgm", "function"):
            found.listens(name)
        routes = {"shop/record": found.url("function", ""), "shop/gone": "http://127.0.0.1:9", **(routes or {})}
        found.start("gateway", {**zenoh, "OPRC_GW_FN_ROUTES": json.dumps(routes)})
        found.listens("gateway")
        for name in ("odgm", "function", "gateway"):
            found.ready(name)
        yield found


class Platform:
    def __init__(
        self,
        folder: Path,
        ports: Mapping[str, int] | None = None,
        environments: Mapping[str, Mapping[str, str]] | None = None,
    ) -> None:
        self.folder = folder
        self.services: dict[str, Service] = {}
        self._ports = dict(ports or {})
        self._environments = dict(environments or {})

    def start(self, name: str, environ: Mapping[str, str] | None = None) -> None:
        """With these variables, and on a port that is free; without any, as it was started before."""
        if environ is not None:
            self._environments[name] = {**environ, PORTS[name]: "0"}
        self.services[name] = start(self.folder, name, self._environments[name])

    def listens(self, name: str) -> None:
        """Waits until it says on which port, which will be its port when it is started again."""
        service = self.services[name]

        def says() -> int | None:
            assert service.process.poll() is None, service.log
            lines = (line["message"].partition("listens on port ") for line in service.log)
            return next((int(port) for _, said, port in lines if said), None)

        self._ports[name] = until(says, lambda: f"{name} does not say that it listens: {service.log}")
        self._environments[name] = {**self._environments[name], PORTS[name]: str(self._ports[name])}

    def url(self, name: str, path: str) -> str:
        return f"http://127.0.0.1:{self._ports[name]}{path}"

    @property
    def peer(self) -> str:
        """The router's address."""
        return f"tcp/127.0.0.1:{self._ports['router']}"

    def ready(self, name: str) -> None:
        def asks() -> bool | None:
            assert self.services[name].process.poll() is None, self.services[name].log
            try:
                return httpx.get(self.url(name, "/readyz")).is_success or None
            except httpx.HTTPError:
                return None

        until(asks, lambda: f"{name} does not become ready: {self.services[name].log}")

    def router(self) -> str | None:
        """The router's Zenoh ID, once it listens."""
        said = (line["message"].split() for line in self.services["router"].log)
        return next((words[1] for words in said if words[2:3] == ["listens"]), None)

    def request(self, method: str, path: str, **given: Any) -> httpx.Response:
        return httpx.request(method, self.url("gateway", path), timeout=PATIENCE, **given)

    def spans(self) -> list[Span]:
        return [span for service in self.services.values() for span in service.spans()]

    def end(self) -> None:
        for service in self.services.values():
            service.process.kill()
            service.process.wait()


def until(happened: Callable[[], T | None], otherwise: Callable[[], str]) -> T:
    deadline = time.monotonic() + PATIENCE
    while (answer := happened()) is None:
        assert time.monotonic() < deadline, otherwise()
        time.sleep(0.05)  # between two questions; what is waited for is the answer
    return answer
