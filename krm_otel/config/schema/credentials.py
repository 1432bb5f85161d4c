"""Headers, variables and certificates, whose values are in Secrets and ConfigMaps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from krm_otel.config import types
from krm_otel.config.marks import Annotated, Around, Before, Check
from krm_otel.config.schema.setting import REQUIRED, Model, setting
from krm_otel.config.types import sdk_variables
from krm_otel.config.types.finding import Finding, fault, faults
from krm_otel.credential import is_credential, is_header_credential, may_be_plain_header
from krm_otel.dataclass import replace
from krm_otel.diagnostics.rules import destinations as rules
from krm_otel.diagnostics.rules import fields as field_rules


class HeaderValue(Model):
    """The value of a header: a key of a Secret, or a text that is no credential, such as the name of a tenant."""

    secret: types.ObjectName | None = setting(
        None, "Name of a Secret in the namespace of the workloads.", example="otlp-auth"
    )
    key: types.DataKey | None = setting(None, "Key in the Secret.", example="token")
    value: types.HeaderText | None = setting(
        None,
        "The value itself, for a header that carries no credential.",
        example="team-a",
        note="For headers that krm-otel knows as such, a text in place of the mapping is the same: "
        "`X-Scope-OrgID: team-a`.",
    )

    def check(self) -> None:
        """A value has one source."""
        for name in ("secret", "key") if self.value is None else ():
            if getattr(self, name) is None:
                finding = Finding(field_rules.MISSING_FIELD, "is missing", f"write {name}: <name>", steps=(name,))
                raise faults([finding])
        if self.value is not None and (self.secret or self.key):
            raise fault(field_rules.LITERAL_HEADER, "has both a value and a Secret", fix="leave one of them out")


class Variable(Model):
    """The value of an environment variable: written out, or a key of a Secret or ConfigMap."""

    value: types.Text | None = setting(
        None,
        "The value itself, never a secret.",
        example='"1"',
        note="A text in place of the mapping is the same: `NO_PROXY: .svc`.",
    )
    secret: types.ObjectName | None = setting(
        None, "Name of a Secret in the namespace of the pods, which has the value.", example="otlp-auth"
    )
    config_map: types.ObjectName | None = setting(
        None, "Name of a ConfigMap in the namespace of the pods, which has the value.", example="proxy"
    )
    key: types.DataKey | None = setting(None, "Key in the Secret or ConfigMap.", example="token")

    def check(self) -> None:
        """A value has one source."""
        given = [name for name in ("value", "secret", "config_map") if getattr(self, name) is not None]
        if len(given) != 1 or (self.key is None) != (given == ["value"]):
            text = "must be a text, or name a secret or a config_map with a key"
            raise fault(rules.VARIABLE_SOURCE, text, fix="write {secret: <name>, key: <key>}")

    @property
    def value_from(self) -> dict[str, Any] | None:
        """The source of the value, as in a container; None where it is written out."""
        if self.value is not None:
            return None
        field = "secretKeyRef" if self.secret else "configMapKeyRef"
        return {field: {"name": self.secret or self.config_map, "key": self.key}}


def _as_value(value: Any) -> Any:
    """A scalar is a value."""
    return value if isinstance(value, dict | list) else {"value": value}


def _without_credentials(variables: dict[str, Variable]) -> dict[str, Variable]:
    """Variables, none of which has a credential written out."""
    if findings := [*_credentials(variables)]:
        raise faults(findings)
    return variables


def _credentials(variables: dict[str, Variable]) -> Iterator[Finding]:
    text, fix = "is a credential as plain text", "write {secret: <name>, key: <key>}"
    for name, one in variables.items():
        if one.value and is_credential(name, one.value):
            yield Finding(field_rules.LITERAL_SECRET, text, fix, steps=(name,))


VariableValue = Annotated[Variable, Before(_as_value, written_as=str | Variable)]
Variables = Annotated[dict[types.VariableName, VariableValue], Check(_without_credentials)]


def _as_sdk_value(value: Any) -> Any:
    return _as_value(sdk_variables.sdk_value(value))


def _with_valid_values(variables: dict[str, Variable]) -> dict[str, Variable]:
    """Variables for SDKs: without credentials, and of the types of the specification."""
    checked = ((name, sdk_variables.value_finding(name, one.value or "")) for name, one in variables.items())
    findings = [replace(finding, steps=(name,)) for name, finding in checked if finding]
    if findings := [*_credentials(variables), *findings]:
        raise faults(findings)
    return variables


SdkVariableValue = Annotated[Variable, Before(_as_sdk_value, written_as=str | float | bool | Variable)]
SdkVariables = Annotated[
    dict[types.SdkVariableName, SdkVariableValue],
    Check(_with_valid_values),
]


class VariablesSource(Model):
    """A Secret or ConfigMap, all of whose keys are environment variables."""

    secret: types.ObjectName | None = setting(
        None,
        "Name of a Secret in the namespace of the pods; every key is a variable.",
        example="vendor",
        note="Write either this or `config_map`.",
    )
    config_map: types.ObjectName | None = setting(
        None, "Name of a ConfigMap in the namespace of the pods; instead of `secret`.", example="proxy"
    )
    prefix: types.VariablePrefix = setting("", "What every key is preceded by.", example="VENDOR_")
    optional: bool = setting(False, "Start without it, too.", example="true")

    def check(self) -> None:
        """Either a Secret or a ConfigMap has the variables."""
        if (self.secret is None) == (self.config_map is None):
            text = "must name either a secret or a config_map"
            raise fault(rules.VARIABLE_SOURCE, text, fix="write {secret: <name>}")


class CaSource(Model):
    """Where the CA certificate of an endpoint is: in a Secret or in a ConfigMap."""

    secret: types.ObjectName | None = setting(
        None,
        "Name of a Secret in the namespace of the workloads.",
        example="acme-ca",
        note="It has the CA that signed the endpoint's certificate. Write either this or `config_map`.",
    )
    config_map: types.ObjectName | None = setting(
        None,
        "Name of a ConfigMap in the namespace of the workloads; instead of `secret`.",
        example="acme-ca",
    )
    key: types.DataKey = setting("ca.crt", "Key with the certificate in PEM form.", example="bundle.pem")

    def check(self) -> None:
        """Either a Secret or a ConfigMap has the certificate."""
        if (self.secret is None) == (self.config_map is None):
            fix = "write {config_map: <name>, key: ca.crt}"
            raise fault(rules.TLS_CA, "must name either a secret or a config_map", fix=fix)


class ClientCertificate(Model):
    """The certificate and key by which clients show who they are (mTLS)."""

    secret: types.ObjectName = setting(
        REQUIRED, "Name of a Secret in the namespace of the workloads.", example="otlp-client"
    )
    certificate: types.DataKey = setting("tls.crt", "Key with the certificate.", example="client.crt")
    key: types.DataKey = setting("tls.key", "Key with the private key.", example="client.key")


class TlsBlock(Model):
    """Certificates for OTLP over TLS."""

    ca: CaSource | None = setting(None, "CA that signed the endpoint's certificate.")
    client: ClientCertificate | None = setting(None, "Client certificate, where the endpoint asks for one.")
    server_name: types.Word | None = setting(
        None,
        "Name in the endpoint's certificate, where it is not the host; for a managed collector only.",
        shown="",
        example="otlp.acme.example",
        note="SDKs have no variable for it.",
    )


class ReceiverTls(Model):
    """The certificate of a managed collector, and what those that send to it need.

    Receivers on the loopback, as in a sidecar, have none.
    """

    secret: types.ObjectName = setting(
        REQUIRED,
        "Name of a Secret with the collector's certificate, in the namespace of the collector.",
        example="cart-collector-tls",
        note="See [TLS on receivers](collector.md#tls-on-receivers).",
    )
    certificate: types.DataKey = setting("tls.crt", "Key with the certificate.", example="server.crt")
    key: types.DataKey = setting("tls.key", "Key with the private key.", example="server.key")
    ca: CaSource = setting(REQUIRED, "CA that signed it; senders check it.", example="{config_map: acme-ca}")
    client: ClientCertificate | None = setting(
        None, "Certificate that senders show; with it, the collector refuses senders without one."
    )
    client_ca: CaSource | None = setting(
        None,
        "CA that signs certificates of senders; with it, the collector refuses senders without one.",
        shown="with `client`, the same as `ca`",
    )


def _checked_headers(written: Any, read: Callable[[Any], Any]) -> dict[str, HeaderValue]:
    """Headers, each once, and none of which has a credential written out.

    `{value: …}` says on purpose that a value is no credential; a text alone does so only for headers that carry none.
    """
    headers: dict[str, HeaderValue] = read(written)
    findings, seen = [], dict[str, str]()
    for name, header in headers.items():
        if (other := seen.setdefault(name.lower(), name)) != name:
            text = f"is the same header as {other}"
            findings.append(Finding(field_rules.HEADER_TWICE, text, "leave one of them out", steps=(name,)))
        if not header.value or not is_header_credential(name, header.value):
            continue
        proposed, fix = {"secret": "<name>", "key": "<key>"}, "write {secret: <name>, key: <key>}"
        text = "takes its value from a Secret only"
        if may_be_plain_header(name, header.value):
            if isinstance(written[name], dict):
                continue
            text = "takes its value from a Secret"
            fix += ", or {value: <text>} if it is no secret"
        findings.append(Finding(field_rules.LITERAL_HEADER, text, fix, proposed, (name,)))
    if findings:
        raise faults(findings)
    return headers


Headers = Annotated[
    dict[
        types.HeaderName,
        Annotated[HeaderValue, Before(_as_value, written_as=str | HeaderValue)],
    ],
    Around(_checked_headers),
]
