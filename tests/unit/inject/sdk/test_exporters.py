"""Small decisions about endpoints: which protocol, which port, which proxy, which volume."""

from __future__ import annotations

import pytest

from krm_otel.config.settings import Endpoint, FileSource
from krm_otel.inject.sdk.endpoint_protocol import endpoint_for, protocol_named, written_port_protocol
from krm_otel.inject.sdk.exporters import CertificateVolumes
from krm_otel.otlp import Protocol


@pytest.mark.parametrize(
    ("value", "spoken"),
    [("grpc", "grpc"), ("http/protobuf", "http"), ("http/json", "http"), ("http", None), ("", None), (None, None)],
)
def test_the_values_of_a_protocol_variable(value: str | None, spoken: str | None) -> None:
    """The specification's three values, and nothing is guessed from others."""
    assert protocol_named(value) == spoken


@pytest.mark.parametrize(
    ("url", "protocol"),
    [
        ("http://otel:4317", "grpc"),
        ("http://otel:4318", "http"),
        ("http://[::1]:4318/v1/traces", "http"),
        ("http://otel", "default"),
        ("http://otel:9999", "default"),
        ("otel:4317", "default"),
        ("http://otel:99999", "default"),
        ("http://[::1", "default"),
        ("$(OTEL)", "default"),
        ("", "default"),
    ],
)
def test_the_port_decides_the_protocol_of_an_endpoint(url: str, protocol: str) -> None:
    """Whatever a user wrote there, it is no crash."""
    assert (written_port_protocol(url) or "default") == protocol


@pytest.mark.parametrize(
    ("url", "speaks", "led", "signal", "expected"),
    [
        ("http://otel:4317", "grpc", None, None, "http://otel:4317"),
        ("http://otel:4317", "grpc", "grpc", None, "http://otel:4317"),
        ("http://otel:4317", "grpc", "http", None, "http://otel:4318"),
        ("http://otel:4318", "http", "grpc", None, "http://otel:4317"),
        ("http://otel:4318/v1/traces", "http", "grpc", "traces", "http://otel:4317"),
        ("http://otel:4317", "grpc", "http", "traces", "http://otel:4318/v1/traces"),
        ("http://[::1]:4317", "grpc", "http", None, "http://[::1]:4318"),
        ("https://otel", "grpc", "http", None, "https://otel"),
        ("https://otel:9000", "grpc", "http", "logs", "https://otel:9000/v1/logs"),
        ("http://otel", "http", "grpc", None, "http://otel:4317"),
        ("http://otel/otlp", "http", "grpc", None, "http://otel:4317"),
        ("https://otel/v1/traces", "http", "grpc", "traces", "https://otel:443"),
        ("http://$(HOST_IP):4317", "grpc", "http", None, "http://$(HOST_IP):4318"),
        ("http://43174317:4317", "grpc", "http", None, "http://43174317:4318"),
    ],
)
def test_the_standard_port_follows_the_protocol(
    url: str, speaks: Protocol, led: Protocol | None, signal: str | None, expected: str
) -> None:
    """A container that speaks the other protocol gets the other standard port; any other port stays."""
    assert endpoint_for(Endpoint(url, speaks), led, signal) == (expected, led or speaks)


def test_one_volume_for_each_source() -> None:
    """Containers share it, keys gather in it, and a name that the pod has is not taken."""
    volumes = CertificateVolumes(["oaas-otel-tls", "data", ""])
    ca, other = FileSource("ConfigMap", "trust", "ca.crt"), FileSource("ConfigMap", "trust", "b.crt")
    sources = [ca, other, ca, FileSource("Secret", "trust", "tls.key")]
    mounts, paths = zip(*(volumes.add(source) for source in sources), strict=True)
    names = [volume["name"] for volume in volumes.all()]
    assert len(set(names)) == 2
    assert "oaas-otel-tls" not in names
    assert [item["key"] for item in volumes.all()[0]["configMap"]["items"]] == ["b.crt", "ca.crt"]
    assert volumes.all()[1]["secret"]["secretName"] == "trust"
    assert paths[0] == paths[2]
    assert len(set(paths)) == 3
    assert [mount["name"] for mount in mounts] == [names[0], names[0], names[0], names[1]]
    assert all(mount["readOnly"] is True for mount in mounts)
