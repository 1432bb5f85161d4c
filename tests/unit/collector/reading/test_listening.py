"""Where a collector listens, from plain configs in any shape."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from krm_otel.collector.reading.address import address
from krm_otel.collector.reading.listening import Listening, listening


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("0.0.0.0:4317", "all", 4317),
        (":4317", "all", 4317),
        ("[::]:4317", "all", 4317),
        ("localhost:4317", "loopback", 4317),
        ("127.8.8.8:4317", "loopback", 4317),
        ("[::1]:4317", "loopback", 4317),
        ("${env:MY_POD_IP}:4317", "pod", 4317),
        ("[${env:MY_POD_IP:-127.0.0.1}]:4317", "pod", 4317),
        ("${MY_POD_IP}:4317", "pod", 4317),
        ("$${env:MY_POD_IP}:4317", "other", 4317),
        ("${env:POD_IP}:4317", "unknown", 4317),
        ("pod-${env:NAME}:4317", "unknown", 4317),
        ("otel.example:4317", "other", 4317),
        ("0.0.0.0", "other", None),
        ("0.0.0.0:", "all", None),
        ("0.0.0.0:http", "all", None),
        ("0.0.0.0:70000", "all", None),
        ("0.0.0.0:${env:PORT:-4317}", "all", None),
        (4317, "other", None),
    ],
)
def test_an_address_says_who_reaches_it(text: Any, host: str, port: int | None) -> None:
    assert (address(text).host, address(text).port) == (host, port)


def found(receivers: str, used: str = "[a]") -> Listening:
    pipelines = f"{{traces: {{receivers: {used}, exporters: [debug]}}}}"
    return listening(yaml.safe_load(f"{{receivers: {receivers}, service: {{pipelines: {pipelines}}}}}"))


@pytest.mark.parametrize(
    ("receiver", "expected"),
    [
        ("zipkin: {endpoint: ':9411'}", [("TCP", 9411)]),
        ("zipkin: ", [("TCP", 9411)]),
        ("zipkin/own: {}", [("TCP", 9411)]),
        ("jaeger: {protocols: {grpc: , thrift_compact: {endpoint: ':6000'}}}", [("TCP", 14250), ("UDP", 6000)]),
        ("skywalking: {protocols: {http: {endpoint: ':1'}, grpc: {enabled: false}}}", [("TCP", 1)]),
        ("statsd: {endpoint: ':8125'}", [("UDP", 8125)]),
        ("statsd: {endpoint: ':8125', transport: tcp}", [("TCP", 8125)]),
        ("statsd: {endpoint: /a/socket, transport: unixgram}", []),
        ("splunk_hec: {endpoint: ':8088'}", [("TCP", 8088)]),
        ("fluentforward: {endpoint: ':8006'}", [("TCP", 8006)]),
        ("fluent_forward: {endpoint: ':8006'}", [("TCP", 8006)]),
        ("syslog: {tcp: {listen_address: ':54526'}, protocol: rfc5424}", [("TCP", 54526)]),
        ("syslog: {udp: {listen_address: ':54526'}}", [("UDP", 54526)]),
        ("udplog: {listen_address: ':5000'}", [("UDP", 5000)]),
        ("awsxray: {}", [("UDP", 2000), ("TCP", 2000)]),
        ("redis: {endpoint: 'localhost:6379'}", []),
        ("redis: {endpoint: 'redis:6379'}", []),
        ("prometheus: {config: {scrape_configs: []}}", []),
        ("filelog: {include: [/var/log/*]}", []),
        ("acme: {endpoint: ':7777'}", [("TCP", 7777)]),
        ("acme: {endpoint: 'http://0.0.0.0:7777'}", []),
        ("acme: {listen_address: 'localhost:7777'}", [("TCP", 7777)]),
        ("acme: [1]", []),
        ("zipkin: text", [("TCP", 9411)]),
    ],
)
def test_receivers_listen_and_scrapers_do_not(receiver: str, expected: list[tuple[str, int]]) -> None:
    name = receiver.partition(":")[0]
    listeners = found(f"{{{receiver}}}", f"[{name}]").receivers
    assert [(listener.transport, listener.address.port) for listener in listeners] == expected
    assert found(f"{{{receiver}}}", "[other]").receivers == ()  # what no pipeline names is not started


def test_sdks_send_to_the_receiver_otlp_or_to_the_first_of_its_type() -> None:
    receivers = "{otlp: {protocols: {grpc: {endpoint: ':1'}}}, otlp/b: {protocols: {http: {endpoint: ':2'}}}}"
    both = found(receivers, "[otlp/b, otlp]")
    assert (both.main, list(both.otlp), [listener.part for listener in both.receivers]) == ("otlp", ["grpc"], ["http"])
    assert found(receivers, "[otlp/b]").main == "otlp/b"
    assert found("{}", "[zipkin]").main == ""


@pytest.mark.parametrize(
    ("extensions", "expected"),
    [
        ("{health_check: {endpoint: ':1', path: /a}}", (1, "/a", False)),
        ("{health_check: }", (13133, "/", False)),
        ("{health_check/own: {endpoint: ':2', tls: {cert_file: a}}}", (2, "/", True)),
        ("{healthcheckv2: {use_v2: true, http: {endpoint: ':3', status: {path: /b}}}}", (3, "/b", False)),
        ("{healthcheckv2: {use_v2: true, http: {endpoint: ':3'}}}", (3, "/status", False)),
        ("{healthcheckv2: {endpoint: ':4'}}", (4, "/", False)),
    ],
)
def test_probes_follow_the_health_check_that_is_on(extensions: str, expected: tuple[int, str, bool]) -> None:
    config = yaml.safe_load(f"{{extensions: {extensions}}}")
    config["service"] = {"extensions": list(config["extensions"])}
    health = listening(config).health
    assert health is not None
    assert (health.listener.address.port, health.path, health.tls) == expected
    config["service"]["extensions"] = ["zpages"]
    assert listening(config).health is None


@pytest.mark.parametrize("shape", ["null", "[]", "text", "7", "{a: [b]}", "[{a: b}]"])
@pytest.mark.parametrize("place", ["receivers", "exporters", "extensions", "connectors", "service"])
def test_no_shape_of_a_config_is_too_strange(place: str, shape: str) -> None:
    config = yaml.safe_load(f"{{service: {{extensions: [health_check], pipelines: {{traces: {shape}}}}}}}")
    for written in (config, config | {place: yaml.safe_load(shape)}):
        assert listening(written).all is not None
    inside = {"pipelines": {"traces": {"receivers": ["otlp"], "exporters": ["prometheus"]}}, "extensions": ["zpages"]}
    assert listening({place: {"otlp": yaml.safe_load(shape)}, "service": inside}).all is not None
