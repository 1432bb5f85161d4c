"""Headers and certificates, which are in Secrets and ConfigMaps."""

from __future__ import annotations

from typing import Self

from pydantic import model_validator

from krm_otel.config import types
from krm_otel.config.schema.setting import REQUIRED, Model, setting
from krm_otel.config.types.finding import fault
from krm_otel.diagnostics.rules import destinations as rules


class SecretKey(Model):
    """A key of a Secret."""

    secret: types.ObjectName = setting(
        REQUIRED, "Name of a Secret in the namespace of the workloads.", example="otlp-auth"
    )
    key: types.DataKey = setting(REQUIRED, "Key in the Secret.", example="token")


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

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.secret is None) == (self.config_map is None):
            fix = "write {config_map: <name>, key: ca.crt}"
            raise fault(rules.TLS_CA, "must name either a secret or a config_map", fix=fix)
        return self


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


Headers = dict[types.HeaderName, SecretKey]
