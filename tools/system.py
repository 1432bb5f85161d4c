"""Commands of the machine, and Debian's packages that have them."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping

from tools.build import ToolError


def run_quietly(*command: str, env: Mapping[str, str] | None = None, stdin: str = "") -> str:
    """Runs a command and returns its standard output; its output is printed only if it fails.

    Raises:
        ToolError: the command fails.
    """
    done = subprocess.run(command, capture_output=True, text=True, input=stdin, check=False, env=env)
    if done.returncode:
        output = f"{done.stdout[-3000:]}{done.stderr[-3000:]}"
        raise ToolError(f"`{' '.join(command)}` failed (exit {done.returncode}):\n{output}")
    return done.stdout


def install_packages(packages: Mapping[str, str]) -> None:
    """Installs Debian's packages whose commands are missing.

    Args:
        packages: command, or absolute path of a file → package that has it.

    Raises:
        ToolError: a package is missing and cannot be installed.
    """
    missing = sorted({package for command, package in packages.items() if shutil.which(command) is None})
    if not missing:
        return
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        raise ToolError(f"install {', '.join(missing)} (Debian's names of the packages)")
    print(f"installing {', '.join(missing)}", flush=True)
    run_quietly("apt-get", "update")
    # Debian starts the services that a package has. Run level 1 prevents that.
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    run_quietly("apt-get", "install", "--yes", "--no-install-recommends", *missing, env=env)
