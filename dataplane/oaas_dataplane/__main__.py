"""`python -m oaas_dataplane`."""

from __future__ import annotations

import sys

from oaas_dataplane.cli import main

if __name__ == "__main__":
    sys.exit(main())
