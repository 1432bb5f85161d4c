"""Builds and runs the project's images with podman, for `make image-test` and tests/tools.

    python3 -m tools.containers build          the images, from the Dockerfile
    python3 -m tools.containers run -- COMMAND a command with this podman on its PATH, also under the name docker

It pulls no image. debootstrap makes the base that the Dockerfile names, from the same release of Debian. Everything is
in the user's cache.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys

from tools.build import ToolError
from tools.containers.podman import build, environment


def main() -> int:
    parser = argparse.ArgumentParser(prog="python3 -m tools.containers", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("build")
    run = commands.add_parser("run")
    run.add_argument("words", nargs="+")
    arguments = parser.parse_args()
    try:
        if arguments.command == "build":
            for name in build():
                print(f"containers: {name}")
            return 0
        return subprocess.run(arguments.words, env=environment(), check=False).returncode
    except ToolError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    os.umask(0o022)
    sys.exit(main())
