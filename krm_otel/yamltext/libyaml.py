"""libyaml, without the rest of PyYAML until somebody asks for it: at start, 10 million instructions instead of 98.

libyaml's binding (`yaml._yaml`) has all that reads a text into events. Its package `yaml` also imports a parser and an
emitter in Python, constructors and representers. The binding only takes the classes of their errors from there.

So `yaml` is its real package here, with `__init__` not executed yet. That happens in the same module object as soon as
somebody asks for a name that is missing. What is imported before is part of PyYAML as ever: the binding, and the
submodules of errors, events, tokens and nodes. So all that use `yaml` in this process share one set of classes, whoever
comes first. Where `yaml` is imported already, it is taken as it is.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from types import ModuleType, SimpleNamespace
from typing import Any, Final

_ERRORS: Final = {
    "reader": "ReaderError",
    "scanner": "ScannerError",
    "parser": "ParserError",
    "composer": "ComposerError",
    "constructor": "ConstructorError",
    "emitter": "EmitterError",
    "serializer": "SerializerError",
    "representer": "RepresenterError",
}
"""Submodule → the class that the binding takes from it when it is imported."""


class _Package(ModuleType):
    """The package `yaml` whose `__init__` is not executed yet."""

    def __getattr__(self, name: str) -> Any:
        """The value of a name that only `__init__` defines; Python calls this for names that are missing."""
        package: Any = self
        package.__loader__.exec_module(package)
        package.__class__ = ModuleType
        binding = import_module("yaml._yaml")
        for module, error in _ERRORS.items():
            setattr(binding, error, getattr(import_module(f"yaml.{module}"), error))
        return getattr(package, name)


def _postponed(module: str, error: str) -> Callable[..., Any]:
    """Makes an error as its class does, which is imported for that; the binding only calls it."""
    return lambda *args: getattr(import_module(f"yaml.{module}"), error)(*args)


def _install() -> None:
    specs = (finder.find_spec("yaml", None) for finder in sys.meta_path)
    spec = next(spec for spec in specs if spec is not None)
    package = _Package("yaml")
    package.__spec__, package.__loader__, package.__package__ = spec, spec.loader, "yaml"
    package.__file__, package.__path__ = spec.origin, spec.submodule_search_locations or []
    sys.modules["yaml"] = package
    for module in ("error", "tokens", "events", "nodes"):
        names = vars(import_module(f"yaml.{module}"))
        vars(package).update({name: value for name, value in names.items() if not name.startswith("_")})
    for module, error in _ERRORS.items():
        setattr(package, module, SimpleNamespace(**{error: _postponed(module, error)}))
    import_module("yaml._yaml")
    for module in _ERRORS:
        delattr(package, module)


if "yaml" not in sys.modules:
    _install()

import yaml  # noqa: E402
from yaml._yaml import CParser  # noqa: E402

__all__ = ["CParser", "yaml"]
