"""`python3 -m tools.cluster up | knative | run -- COMMAND | down`; see `tools.cluster.cluster`."""

from __future__ import annotations

import argparse
import sys

from tools.build import ToolError
from tools.cluster import cluster, knative


def main() -> int:
    parser = argparse.ArgumentParser(prog="python3 -m tools.cluster", description="A real Kubernetes with one node.")
    parser.add_argument("action", choices=["up", "knative", "run", "down", "supervise"])
    parser.add_argument("command", nargs="*", help="for run: the command, after --")
    arguments = parser.parse_args()
    actions = {"up": cluster.up, "knative": knative.install, "down": cluster.down, "supervise": cluster.supervise}
    try:
        if arguments.action == "run":
            return cluster.run(arguments.command)
        actions[arguments.action]()
    except ToolError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
