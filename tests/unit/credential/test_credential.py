"""Credentials: what is one, and what only looks like one."""

from __future__ import annotations

import pytest

from krm_otel.credential import is_credential, is_header_credential, is_secret_name, masked, may_be_plain_header

NAMES = """
password passwd token api_key apiKey API-KEY access_token account_token client_secret private_key
connection_string bearer_token hec_token license_key aws_secret_access_key api.key auth.password
basic_auth.password Authorization credentials key_pem dsn X-Api-Key INGESTION_KEY sas_token
DD_API_KEY
"""
OTHER_NAMES = """
password_file token_url secret_name key_file api_key_file tokenizer max_tokens actions.key
authenticator auth routing_key from_context username client_id token_type key headers next_token
partition_token tls.cert_file secretRef matchLabels.token-bucket
"""


@pytest.mark.parametrize(
    "name",
    NAMES.split(),
)
def test_names_of_credentials(name: str) -> None:
    """In every spelling, and by the last words of a path."""
    assert is_secret_name(name)


@pytest.mark.parametrize(
    "name",
    OTHER_NAMES.split(),
)
def test_names_that_only_look_like_it(name: str) -> None:
    """A file, a URL or the name of a Secret is none."""
    assert not is_secret_name(name)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("password", "hunter2"),
        ("token", "prefix${env:TOKEN}suffix1"),
        ("token", "${env:TOKEN:-abc123}"),
        ("endpoint", "https://user:pw@vendor.example"),
        ("endpoint", "https://token@vendor.example/x"),
        ("endpoint", "https://vendor.example/v1?apikey=abc"),
        ("endpoint", "https://vendor.example/?sv=1&sig=abc"),
        ("datasource", "postgresql://user:pw@db:5432/x"),
        ("value", "Bearer abcdef"),
        ("value", "Basic dTpw"),
        ("value", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abcdefgh"),
        ("value", "AKIAIOSFODNN7EXAMPLE"),
        ("value", "-----BEGIN EC PRIVATE KEY-----\nMHc"),
        ("value", "InstrumentationKey=00000000-0000;IngestionEndpoint=https://x/"),
        ("url", "https://hooks.slack.com/services/T0/B0/x"),
        ("HTTPS_PROXY", "http://user:pw@proxy.example:3128"),
        ("x", "https://user:pa/ss@host/x"),
        ("x", "user:pw@tcp(db:3306)/otel"),
        ("x", "jdbc:postgresql://db/x?user=a&password=b"),
        ("x", "host=db password=s3cret"),
        ("x", "https://fn.azurewebsites.net/api?code=abc=="),
        ("x", "https://collectors.sumologic.com/receiver/v1/http/ZaVnC4dhaV0"),
        ("x", "password: abc\nuser: b"),
        ("x", '{"user": "a", "password": "b1"}'),
        ("x", "${yaml:password: abc}"),
        ("x", "glsa_abcdefgh1234"),
        ("x", "0123456789abcdef0123456789abcdef0123NRAL"),
        ("JAVA_TOOL_OPTIONS", "-Djavax.net.ssl.keyStorePassword=abc"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "X-Scope-OrgID=a,authorization=Bearer%20abc"),
        ("MYSQL_PWD", "abc"),
        ("GITHUB_PAT", "abc"),
        ("auth", "user:pw"),
    ],
)
def test_credentials(name: str, value: str) -> None:
    """By name, by form, and by the place in a URL."""
    assert is_credential(name, value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("password", ""),
        ("token", "${env:TOKEN}"),
        ("token", "${file:/etc/token}"),
        ("authorization", "Bearer ${env:TOKEN}"),
        ("authorization", "Api-Token ${env:TOKEN}"),
        ("token", "$(TOKEN)"),
        ("token", "${env:TOKEN:-}"),
        ("token", "${TOKEN}"),
        ("endpoint", "https://vendor.example/v1?region=eu"),
        ("endpoint", "https://${env:USER}:${env:PASSWORD}@vendor.example"),
        ("NO_PROXY", ".svc,.cluster.local,10.0.0.0/8"),
        ("HTTPS_PROXY", "http://proxy.example:3128"),
        ("statement", 'set(attributes["password"], "***")'),
        ("description", "Basic checks of the token bucket"),
        ("email", "ops@acme.example"),
        ("endpoint", "https://user:${env:PASSWORD}@vendor.example"),
        ("token", "${env:A:-${env:B}}"),
        ("token", "<your token>"),
        ("TOKEN", "YOUR_TOKEN_HERE"),
        ("GOOGLE_APPLICATION_CREDENTIALS", "/var/secrets/google/key.json"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20$(TOKEN),x-scope-orgid=a"),
        ("community", "public"),
        ("x", "git@github.com:acme/x"),
        ("x", "postgres://otel@db/x"),
        ("x", "https://h:4317/a@b"),
        ("x", "app:1.2@sha256:abcdef"),
        ("x", "hf_latency_ms"),
        ("x", "see the docs: password rules"),
        ("tier", "Basic plan"),
    ],
)
def test_what_is_no_credential(name: str, value: str) -> None:
    """References, and texts that only mention one."""
    assert not is_credential(name, value)


@pytest.mark.parametrize(
    ("name", "value", "credential"),
    [
        ("AccountID", "0", False),
        ("CX-Subsystem-Name", "cart", False),
        ("VL-Stream-Fields", "service.name", False),
        ("x-unknown", "${env:A:-}", False),
        ("x-unknown", "abc${env:A}", False),
        ("x-unknown", "${env:A}abc", True),
        ("X-Scope-OrgID", "team-a", False),
        ("x-honeycomb-dataset", "cart", False),
        ("Content-Type", "application/json", False),
        ("x-honeycomb-team", "abcdef", True),
        ("x-vendor-team", "abcdef123456", True),
        ("authorization", "Bearer ${env:TOKEN}", False),
        ("DD-API-KEY", "${env:KEY}", False),
        ("signoz-access-token", "abc", True),
        ("X-Scope-OrgID", "Bearer abcdef", True),
    ],
)
def test_headers(name: str, value: str, credential: bool) -> None:
    """A header carries a credential, unless it is known to say only whose data it is."""
    assert is_header_credential(name, value) is credential


@pytest.mark.parametrize(
    ("name", "value", "plain"),
    [
        ("x-vendor-team", "payments", True),
        ("x-honeycomb-team", "payments", False),
        ("x-api-key", "abc", False),
        ("authorization", "abc", False),
        ("X-Auth", "abc", False),
        ("x-vendor-team", "Bearer abcdef", False),
    ],
)
def test_headers_that_may_be_plain_on_purpose(name: str, value: str, plain: bool) -> None:
    """Nobody can say so of what is a credential by its name or its form."""
    assert may_be_plain_header(name, value) is plain


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("https://u:pw@h/x?token=abc", "https://***@h/x?token=***"),
        ("a glsa_abcdefgh1234 b", "a *** b"),
        ("user=a;password=abc", "user=a;password=***"),
    ],
)
def test_masks(text: str, shown: str) -> None:
    """The rest of a text stays readable."""
    assert masked(text) == shown
