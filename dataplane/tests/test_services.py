"""Gateway, router, function and ODGM as real processes: what they answer, and the one trace they make."""

from __future__ import annotations

import signal
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
import zenoh
from oaas_dataplane.settings import Zenoh
from oaas_dataplane.zenoh import connect
from tests.processes import PATIENCE, PORTS, WITHOUT_SDK, Platform, Span, platform, start, until

OBJECT = "/api/class/shop/0/objects/cart-1"
INVOKE = f"{OBJECT}/invokes/record"
TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
OTHER = "a" * 32


def caller_of(form: str, trace: str, sampled: int) -> dict[str, str]:
    """The headers of a caller who has decided."""
    return {
        "w3c": {"traceparent": f"00-{trace}-{PARENT}-0{sampled}", "tracestate": "vendor=x"},
        "b3": {"b3": f"{trace}-{PARENT}-{sampled}"},
        "b3multi": {"X-B3-TraceId": trace, "X-B3-SpanId": PARENT, "X-B3-Sampled": str(sampled)},
    }[form]


EXPECTED = [
    # service, kind, name, the parent's service and name
    ("gateway", "SERVER", "POST /api/class/{cls}/{partition}/objects/{object}/invokes/{function}", None),
    ("gateway", "CLIENT", "get oprc/{class}/{partition}/objects/{object}", "gateway SERVER"),
    ("odgm", "SERVER", "get oprc/{class}/{partition}/objects/{object}", "gateway CLIENT"),
    ("odgm", "CLIENT", "SELECT", "odgm SERVER"),
    ("gateway", "CLIENT", "POST", "gateway SERVER"),
    ("function", "SERVER", "POST /", "gateway CLIENT"),
    ("function", "CLIENT", "get oprc/{class}/{partition}/objects/{object}", "function SERVER"),
    ("odgm", "SERVER", "get oprc/{class}/{partition}/objects/{object}", "function CLIENT"),
    ("odgm", "CLIENT", "SELECT", "odgm SERVER"),
    ("function", "CLIENT", "set oprc/{class}/{partition}/objects/{object}/set", "function SERVER"),
    ("odgm", "SERVER", "set oprc/{class}/{partition}/objects/{object}/set", "function CLIENT"),
    ("odgm", "CLIENT", "INSERT", "odgm SERVER"),
]


@pytest.fixture
def traced(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Platform]:
    propagators = getattr(request, "param", "tracecontext,baggage,b3")
    telemetry = {
        "OTEL_TRACES_EXPORTER": "console",
        "OTEL_PROPAGATORS": propagators,
        "OTEL_RESOURCE_ATTRIBUTES": "deployment.name=shop",
    }
    with platform(tmp_path, telemetry) as found:
        yield found


@pytest.mark.parametrize(
    ("traced", "caller"),
    [
        ("tracecontext,baggage,b3", "w3c"),
        ("tracecontext,baggage,b3multi", "b3multi"),
        ("b3", "b3"),
    ],
    indirect=["traced"],
)
def test_one_trace(traced: Platform, caller: str) -> None:
    """From the caller's span through gateway, router, function and ODGM, each a child of who sent it."""
    unsampled, sampled = caller_of(caller, OTHER, 0), caller_of(caller, TRACE, 1)
    assert traced.request("PUT", OBJECT, json={"a": 1}, headers=unsampled).status_code == 204
    answer = traced.request("POST", INVOKE, json={"b": 2}, headers={**sampled, "x-request-id": "r-1"})
    assert answer.status_code == 200, answer.text
    assert answer.json() == {"a": 1, "b": 2}
    assert answer.headers["x-trace-id"] == TRACE
    assert TRACE in answer.headers["traceresponse"]
    assert traced.request("GET", OBJECT, headers=unsampled).json() == {"a": 1, "b": 2}

    spans = traced.spans()
    assert {span.trace_id for span in spans} == {TRACE}, "what was sent as not sampled makes no span"
    by_id = {span.span_id: span for span in spans}
    assert sorted((s.service, s.kind, s.name, parent(s, by_id)) for s in spans) == sorted(EXPECTED, key=key)
    assert [span.parent_id for span in spans if span.parent_id not in by_id] == [PARENT]
    if caller == "w3c":
        assert all(span.attributes["oaas.request_id"] == "r-1" for span in spans)
        assert all(span.attributes["oaas.function_key"] == "record" for span in spans)
    assert all(span.attributes["oaas.deployment_id"] == "shop" for span in spans if span.kind == "SERVER")

    sent = [span for span in spans if span.kind == "CLIENT" and "messaging.system" in span.attributes]
    assert [span.attributes["oaas.zenoh.router"] for span in sent] == [[traced.router()]] * 3, "no way round the router"


def key(row: tuple[str, str, str, str | None]) -> tuple[str, str, str, str]:
    return (*row[:3], row[3] or "")


def parent(span: Span, by_id: dict[str, Span]) -> str | None:
    found = by_id.get(span.parent_id or "")
    return f"{found.service} {found.kind}" if found else None


def test_without_the_sdk(tmp_path: Path) -> None:
    """The extra is not installed: everything works, and the caller's context goes through all of them."""
    (tmp_path / "sitecustomize.py").write_text(f"import sys\n{WITHOUT_SDK}")
    telemetry = {"PYTHONPATH": str(tmp_path), "OTEL_TRACES_EXPORTER": "otlp"}
    with platform(tmp_path, telemetry) as found:
        assert found.request("PUT", OBJECT, json={"a": 1}).status_code == 204
        answer = found.request("POST", INVOKE, json={"b": 2}, headers=caller_of("w3c", TRACE, 1))
        assert answer.json() == {"a": 1, "b": 2}
        assert answer.headers["x-trace-id"] == TRACE
        for name, service in found.services.items():
            assert service.spans() == []
            warnings = [line["message"] for line in service.log if line["level"] == "WARNING"]
            assert [text for text in warnings if text.startswith("telemetry is off")], name
        for name in ("function", "odgm"):
            assert TRACE in {line.get("trace_id") for line in found.services[name].log}


def test_semantic_conventions(traced: Platform) -> None:
    """Attributes of the stable conventions, which say what a span is without knowing this program."""
    traced.request("PUT", OBJECT, json={})
    traced.request("DELETE", OBJECT)
    spans = traced.spans()
    (http,) = [span for span in spans if span.name.startswith("PUT ")]
    assert http.attributes["http.request.method"] == "PUT"
    assert http.attributes["http.route"] == "/api/class/{cls}/{partition}/objects/{object}"
    assert http.attributes["http.response.status_code"] == 204
    (insert,) = [span for span in spans if span.name == "INSERT"]
    assert insert.attributes["db.system.name"] == "sqlite"
    assert insert.attributes["db.query.text"].startswith("INSERT INTO objects VALUES (?, ?, ?, ?, 1)")
    assert insert.attributes["oaas.object_id"] == "cart-1"
    producer, consumer = [span for span in spans if span.name.startswith("delete ")]
    if producer.kind == "CONSUMER":
        producer, consumer = consumer, producer
    assert (producer.kind, consumer.kind) == ("PRODUCER", "CONSUMER")
    assert consumer.parent_id == producer.span_id
    assert consumer.attributes["messaging.system"] == "zenoh"
    assert consumer.attributes["messaging.destination.name"] == "oprc/shop/0/objects/cart-1"
    assert consumer.attributes["messaging.operation.type"] == "process"


def test_names_of_probes(traced: Platform) -> None:
    """Kubernetes' questions make no spans; objects and functions that are called so do, as others."""
    for name in ("health", "readyz"):
        httpx.get(traced.url("gateway", f"/{name}"))
        path = f"/api/class/shop/0/objects/{name}"
        answer = traced.request("PUT", path, json={}, headers=caller_of("w3c", TRACE, 1))
        assert answer.headers["x-trace-id"] == TRACE
    assert {span.trace_id for span in traced.spans()} == {TRACE}


def test_objects(traced: Platform) -> None:
    """They come and go, outlive ODGM's process, and a router that was away is found again."""
    assert traced.request("GET", OBJECT).status_code == 404
    assert traced.request("POST", INVOKE, json={}).status_code == 404
    assert traced.request("PUT", OBJECT, json={"a": 1}).status_code == 204

    assert traced.services["odgm"].stop() == 0
    assert traced.request("GET", OBJECT).status_code == 504, "nobody is there for the key"
    traced.start("odgm")
    traced.ready("odgm")
    assert traced.request("GET", OBJECT).json() == {"a": 1}

    traced.services["router"].stop()
    assert traced.request("GET", OBJECT).status_code == 504, "there is no other way than through the router"
    traced.start("router")
    for name in ("odgm", "gateway"):
        traced.ready(name)
    until(lambda: traced.request("GET", OBJECT).is_success or None, lambda: "the object store is not found again")

    assert traced.request("DELETE", OBJECT).status_code == 204


def many_connections() -> httpx.Client:
    """A client for many threads at once."""
    return httpx.Client(timeout=60, limits=httpx.Limits(max_connections=None))


def test_a_silent_store(tmp_path: Path) -> None:
    """One that takes queries and does not answer them holds up those who ask it, and nobody else: neither at the
    gateway nor in the function."""
    patient = dict.fromkeys(("OPRC_GW_REQUEST_TIMEOUT_MS", "OPRC_FN_REQUEST_TIMEOUT_MS"), "60000")
    event = {"ce-oaasclass": "silent", "ce-oaaspartition": "0", "ce-oaasobject": "b"}
    held: list[zenoh.Query] = []

    def answer(query: zenoh.Query) -> None:
        with query:
            query.reply(query.key_expr, b"{}")

    with platform(tmp_path, patient) as found, connect(Zenoh((found.peer,))) as silent:
        entities = [
            silent.declare_queryable("oprc/silent/*/objects/*", held.append),
            silent.declare_queryable("oprc/awake/*/objects/*", answer),
        ]
        awake = "/api/class/awake/0/objects/a"
        until(lambda: found.request("GET", awake).is_success or None, lambda: "this store is not there")
        assert found.request("PUT", OBJECT, json={"a": 1}).status_code == 204
        with many_connections() as client, ThreadPoolExecutor(80) as pool:
            silent_object = found.url("gateway", "/api/class/silent/0/objects/a")
            asked = [pool.submit(client.get, silent_object) for _ in range(40)]
            asked += [pool.submit(client.post, found.url("function", "/"), headers=event) for _ in range(40)]
            until(lambda: len(held) == len(asked) or None, lambda: f"{len(held)} of {len(asked)} have asked")
            answers = [found.request("GET", OBJECT), found.request("POST", INVOKE, json={"b": 2})]
            assert [one.json() for one in answers] == [{"a": 1}, {"a": 1, "b": 2}]
            assert not any(one.done() for one in asked)
            for query in held:
                with query:
                    query.reply_err("object not found")
            assert {one.result().status_code for one in asked} == {404}
        del entities


def test_a_silent_function(tmp_path: Path) -> None:
    """One that takes requests and does not answer holds up those who call it, and nobody else."""
    with ExitStack() as stack:
        server = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=200))
        server.settimeout(PATIENCE)
        patient = {"OPRC_GW_REQUEST_TIMEOUT_MS": "60000"}
        routes = {"shop/silent": f"http://127.0.0.1:{server.getsockname()[1]}"}
        found = stack.enter_context(platform(tmp_path, patient, routes))
        assert found.request("PUT", OBJECT, json={"a": 1}).status_code == 204
        client = stack.enter_context(many_connections())
        pool = stack.enter_context(ThreadPoolExecutor(120))
        path = "/api/class/shop/0/invokes/silent"
        asked = [pool.submit(client.post, found.url("gateway", path)) for _ in range(120)]
        called = [server.accept()[0] for _ in asked]
        assert found.request("POST", INVOKE, json={"b": 2}).json() == {"a": 1, "b": 2}
        assert not any(one.done() for one in asked)
        for connection in called:
            connection.close()
        assert {one.result().status_code for one in asked} == {502}


def test_bad_requests(traced: Platform) -> None:
    """Each says what is wrong, and none is a traceback."""
    assert traced.request("GET", "/api/class/shop/x/objects/1").status_code == 400
    assert traced.request("GET", "/api/class/sh*p/0/objects/1").status_code == 400
    assert traced.request("POST", "/api/class/shop/0/invokes/none").status_code == 404
    assert traced.request("POST", "/api/class/shop/0/invokes/gone").status_code == 502
    assert traced.request("PUT", OBJECT, content=b"x" * (1 << 20) + b"y").status_code == 413
    assert traced.request("PUT", OBJECT, json=[1]).status_code == 204
    assert traced.request("POST", INVOKE, json={}).status_code == 400, "what is stored is no JSON object"
    assert traced.request("POST", INVOKE, content=b"{").status_code == 400
    assert traced.request("POST", "/api/class/shop/0/invokes/record", json={}).status_code == 400
    for content in (b"[" * 100_000, b'{"a": NaN}', b"\xff\xfe{"):
        assert traced.request("PUT", OBJECT, json={"a": 1}).status_code == 204
        assert traced.request("POST", INVOKE, content=content).status_code == 400, content[:10]
        assert traced.request("GET", OBJECT).json() == {"a": 1}
    strange = {b"x-request-id": b"caf\xe9", b"content-type": b"caf\xe9"}
    assert traced.request("POST", INVOKE, content=b'{"b": "\\ud800"}', headers=strange).status_code == 200
    # A body that does not say how long it is: what comes after the limit is not waited for.
    answer = traced.request("PUT", OBJECT, content=iter([b"x" * (1 << 19)] * 3))
    assert (answer.status_code, answer.headers["connection"]) == (413, "close")
    lines = [line for service in traced.services.values() for line in service.log]
    assert not [line for line in lines if "exception" in line or line["level"] == "ERROR"]


@pytest.mark.parametrize(
    ("service", "environ", "message"),
    [
        ("gateway", {}, "OPRC_ZENOH_PEERS is missing"),
        ("gateway", {"OPRC_GW_HTTP_PORT": "http"}, "OPRC_GW_HTTP_PORT is 'http': write a whole number, such as 8080"),
        (
            "gateway",
            {"OPRC_GW_HTTP_PORT": "65536"},
            "OPRC_GW_HTTP_PORT is 65536: a port is a number from 1 to 65535, or 0",
        ),
        (
            "gateway",
            {"OPRC_ZENOH_PEERS": "oaas-router:17447"},
            "OPRC_ZENOH_PEERS is 'oaas-router:17447': write addresses such as tcp/oaas-router:17447",
        ),
        ("gateway", {"OPRC_GW_FN_ROUTES": '{"a": "http://b"}'}, "OPRC_GW_FN_ROUTES is no map of routes"),
        ("gateway", {"OPRC_GW_FN_ROUTES": "{"}, "OPRC_GW_FN_ROUTES is no JSON"),
        ("function", {"OPRC_FN_HANDLER": "x"}, "OPRC_FN_HANDLER is 'x': write echo or record"),
        ("odgm", {}, "ODGM_COLLECTION is missing"),
        ("odgm", {"ODGM_COLLECTION": '["shop"]'}, "ODGM_COLLECTION is no list of collections"),
        ("odgm", {"ODGM_COLLECTION": "[" * 100_000}, "ODGM_COLLECTION is no JSON"),
        (
            "odgm",
            {"ODGM_COLLECTION": '[{"name": "shop"}]', "ODGM_STORE": "/proc/none/objects"},
            "ODGM_STORE: /proc/none/objects cannot be opened: ",
        ),
        ("router", {"OPRC_ZENOH_MODE": "router"}, "OPRC_ZENOH_MODE is 'router': write client or peer"),
    ],
)
def test_bad_settings(tmp_path: Path, service: str, environ: dict[str, str], message: str) -> None:
    """One line that names the variable, exit code 2."""
    found = start(tmp_path, service, environ)
    assert found.process.wait(30) == 2
    (line,) = found.log
    assert line["message"].startswith(message)


@pytest.mark.parametrize(
    ("service", "environ", "message"),
    [
        ("router", {}, "no router on OPRC_ZENOH_PORT {port}"),
        ("function", {"OPRC_FN_HANDLER": "echo"}, "no server on port {port}: Address already in use"),
    ],
)
def test_taken_port(tmp_path: Path, service: str, environ: dict[str, str], message: str) -> None:
    with socket.create_server(("", 0)) as taken:
        port = taken.getsockname()[1]
        found = start(tmp_path, service, {**environ, PORTS[service]: str(port)})
        assert found.process.wait(30) == 2
    (line,) = found.log
    assert line["message"].startswith(message.format(port=port))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_told_to_stop(tmp_path: Path, number: signal.Signals) -> None:
    """From a terminal as by the kubelet: no traceback."""
    found = start(tmp_path, "router", {"OPRC_ZENOH_PORT": "0"})
    until(lambda: found.log or None, lambda: "it does not start")
    found.process.send_signal(number)
    assert found.process.wait(30) == 0
    assert [line["level"] for line in found.log] == ["INFO"]
