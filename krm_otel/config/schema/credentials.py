"""Models of what stands in Secrets and ConfigMaps: headers, certificates."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from krm_otel.config.schema.observability import Model
from krm_otel.config.types import DataKey, HeaderName, ObjectName, Word
from krm_otel.config.types.finding import fault


class SecretKey(Model):
    """A key of a Secret."""

    secret: ObjectName = Field(description="Name of a Secret in the namespace of the workloads.")
    key: DataKey = Field(description="Key in the Secret.")


class CaSource(Model):
    """Where the CA certificate of an endpoint stands: in a Secret or in a ConfigMap."""

    secret: ObjectName | None = Field(None, description="Name of a Secret in the namespace of the workloads.")
    config_map: ObjectName | None = Field(
        None, description="Name of a ConfigMap in the namespace of the workloads; instead of `secret`."
    )
    key: DataKey | None = Field(None, description="Key with the certificate in PEM form. Default: ca.crt.")

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.secret is None) == (self.config_map is None):
            raise fault("tls-ca", "must name either a secret or a config_map: write {config_map: <name>, key: ca.crt}")
        return self


class ClientCertificate(Model):
    """The certificate and key by which clients show who they are (mTLS)."""

    secret: ObjectName = Field(description="Name of a Secret in the namespace of the workloads.")
    certificate: DataKey | None = Field(None, description="Key with the certificate. Default: tls.crt.")
    key: DataKey | None = Field(None, description="Key with the private key. Default: tls.key.")


class TlsBlock(Model):
    """Certificates for OTLP over TLS."""

    ca: CaSource | None = Field(None, description="CA that signed the endpoint's certificate.")
    client: ClientCertificate | None = Field(None, description="Client certificate, where the endpoint asks for one.")
    server_name: Word | None = Field(
        None, description="Name in the endpoint's certificate, where it is not the host; for a managed collector only."
    )


Headers = dict[HeaderName, SecretKey]
