"""The command: `oaas-dataplane gateway | function | odgm | router`."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys

from oaas_dataplane import __version__, telemetry
from oaas_dataplane.settings import SettingError

SERVICES = {
    "gateway": "HTTP in; calls functions over HTTP, and the object store through Zenoh",
    "function": "a function in the shape that Knative calls: POST / on $PORT",
    "odgm": "the object store: answers on Zenoh, keeps objects in SQLite",
    "router": "a Zenoh router",
}


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="oaas-dataplane", description=__doc__)
    parser.add_argument("--version", action="version", version=f"oaas-dataplane {__version__}")
    services = parser.add_subparsers(dest="service", required=True, metavar="SERVICE")
    for name, what in SERVICES.items():
        services.add_parser(name, help=what, description=what)
    service = parser.parse_args(arguments).service
    # As an exception, so that whatever ends the service, telemetry is flushed after it.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    with telemetry.configure():
        try:
            _run(service)
        except SettingError as error:
            logging.getLogger(__name__).error("%s", error)
            return 2
    return 0


def _run(service: str) -> None:
    # After telemetry is configured: instrumented modules are imported then, and only those that the service needs.
    from oaas_dataplane.services import function, gateway, odgm, router

    {"gateway": gateway.run, "function": function.run, "odgm": odgm.run, "router": router.run}[service](os.environ)
