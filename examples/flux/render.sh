#!/bin/sh
# Fails where the committed manifests are not what a render gives: `krm-otel render` was forgotten, or they were edited.
set -eu
cd "$(dirname "$0")"
rm -rf rendered
krm-otel render apps -c otelconfig.yaml -o rendered
git diff --exit-code -- rendered
test -z "$(git status --porcelain -- rendered)"
