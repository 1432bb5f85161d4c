"""`python -m krm_otel`: the same as `krm-otel`, where scripts are not on PATH."""

from krm_otel.cli.main import main

main()
