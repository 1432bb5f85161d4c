"""krm-otel: a KRM function that gives the applications of OaaS classes OpenTelemetry at GitOps render time.

To call it from Python, import its three names from `krm_otel.run`. A run reads and writes no files:

    from krm_otel.run import Outcome, Source, run

    outcome: Outcome = run([Source(manifests)], environ={})  # bytes: a ResourceList, or a stream of manifests
    print(outcome.exit_code, outcome.texts[0], *outcome.results, sep="\\n")

`krm_otel.run` is also the place to start reading. CONTRIBUTING.md has the map of the package. This module imports
nothing, so that the command starts fast.
"""

__version__ = "0.1.0"
