# syntax=docker/dockerfile:1

# Debian's own Python: it comes with bytecode, gets Debian's security updates, and is built for every architecture that
# Debian is. Nothing here is bound to one.
ARG DEBIAN=debian:bookworm-20250520-slim

# ------------------------------------------------------------------------------------------------ python
FROM ${DEBIAN} AS python
RUN apt-get update \
 && apt-get install --yes --no-install-recommends python3 \
 && rm -rf /var/lib/apt/lists/* /var/log/* /var/cache/*

# ------------------------------------------------------------------------------------------------ build
FROM python AS build
RUN apt-get update && apt-get install --yes --no-install-recommends python3-pip python3-venv
WORKDIR /src
COPY . .
# Where HTTPS goes through a proxy with certificates of its own: a file with them.
ARG PIP_CERT
# The environment has no pip: it is filled from outside and copied whole. unchecked-hash: bytecode that does not look at
# time stamps, which layers do not keep to the digit.
RUN python3 -m venv --without-pip /opt/krm-otel \
 && pip --python /opt/krm-otel/bin/python3 install --no-cache-dir --no-compile --only-binary :all: --no-binary krm-otel . \
 && python3 -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/krm-otel/lib

# ------------------------------------------------------------------------------------------------ krm-otel
FROM python AS krm-otel
# As krm_otel says it; a test holds that.
ARG VERSION=0.1.0
# The commit: --build-arg REVISION=$(git rev-parse HEAD).
ARG REVISION=unknown
ARG DEBIAN
LABEL org.opencontainers.image.title="krm-otel" \
      org.opencontainers.image.description="OpenTelemetry for OaaS applications, at GitOps render time: a KRM function" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.base.name="docker.io/library/${DEBIAN}"
COPY --from=build /opt/krm-otel /opt/krm-otel
ENV PATH=/opt/krm-otel/bin:/usr/local/bin:/usr/bin:/bin \
    LANG=C.UTF-8 \
    PYTHONDONTWRITEBYTECODE=1
# kpt and kustomize run containers as nobody; a numeric id lets Kubernetes check runAsNonRoot, too.
USER 65534:65534
WORKDIR /
ENTRYPOINT ["krm-otel"]

# ------------------------------------------------------------------------------------------------ argocd
# For the sidecar of argocd-repo-server, which brings argocd-cmp-server along: krm-otel beside kustomize, which is in the
# build context `kustomize`, a folder with that program (--build-context kustomize=FOLDER).
FROM krm-otel AS argocd
COPY --from=kustomize --chmod=755 kustomize /usr/local/bin/kustomize
# The user of Argo CD's own images.
USER 999:999
ENTRYPOINT []

# Without --target, the function.
FROM krm-otel
