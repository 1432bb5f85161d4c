# syntax=docker/dockerfile:1

# One line to change for both stages: the environment made in the first is copied into the second, so both
# must have the same interpreter in the same place.
ARG PYTHON=python:3.11.14-slim-bookworm

# ------------------------------------------------------------------------------------------------ build
FROM ${PYTHON} AS build
WORKDIR /src
COPY . .
# A virtual environment without pip: it is filled from outside and copied whole.
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /wheels . \
 && python -m venv --without-pip /opt/krm-otel \
 && pip --python /opt/krm-otel/bin/python install --no-cache-dir --no-compile /wheels/*.whl \
 && python -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/krm-otel/lib

# ------------------------------------------------------------------------------------------------ final
FROM ${PYTHON}
# The function runs once per render: start-up is what a user waits for. The base image ships the standard
# library without bytecode and an unprivileged user can't write it, so it is compiled here. unchecked-hash:
# no look at time stamps, which layers don't keep to the digit.
RUN python -m pip uninstall --yes --root-user-action=ignore setuptools wheel pip \
 && rm -rf /usr/local/lib/python3.*/ensurepip /root/.cache \
 && python -m compileall -q -j 0 --invalidation-mode unchecked-hash -x '/(test|tests|lib2to3|idlelib)/' \
      /usr/local/lib/python3.*
COPY --from=build /opt/krm-otel /opt/krm-otel
ENV PATH=/opt/krm-otel/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1
# kpt and kustomize run containers as nobody; a numeric id lets Kubernetes check runAsNonRoot too.
USER 65534:65534
WORKDIR /
ENTRYPOINT ["krm-otel"]
