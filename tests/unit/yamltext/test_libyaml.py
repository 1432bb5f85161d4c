"""The start with libyaml's binding alone: the rest of PyYAML is there for all who ask for it, with the same classes."""

from __future__ import annotations

import subprocess
import sys

import pytest

FIRST = "from krm_otel.yamltext.libyaml import CParser, yaml\nfrom krm_otel.yamltext.parse import compose\nimport sys\n"
WHOLE = "yaml.constructor"
"""A module of PyYAML that only its `__init__` imports."""

pytestmark = pytest.mark.slow  # what is imported can be seen in a process of its own alone


def run(script: str) -> str:
    """Standard output of a script in a process of its own, which has to succeed."""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_reading_needs_no_more_than_the_binding() -> None:
    script = f"compose('a: [1, &x 2, *x]'); print({WHOLE!r} in sys.modules)"
    assert run(FIRST + script) == "False"


@pytest.mark.parametrize(
    ("text", "module"),
    [("a: [", "parser"), ("a: @", "scanner"), ("a: \x07", "reader")],
)
def test_an_error_is_the_one_of_the_whole(text: str, module: str) -> None:
    script = """
def error(yaml, parser):
    stream = parser({text!r})
    try:
        while stream.get_event() is not None: pass
    except yaml.YAMLError as e:
        return type(e).__module__, type(e).__name__, str(e)
"""
    light = FIRST + script + "print(error(yaml, CParser))"
    whole = "import yaml\n" + script + "print(error(yaml, yaml.CSafeLoader))"
    assert run(light.format(text=text)) == run(whole.format(text=text))
    assert f"yaml.{module}" in run(light.format(text=text))


def test_an_error_of_a_part_is_the_same_class_in_the_whole() -> None:
    script = """
try:
    [*iter(CParser("a: [").get_event, None)]
except yaml.MarkedYAMLError as raised:
    error = raised
import yaml
assert yaml.safe_load("a: 1") == {"a": 1}
assert type(error) is yaml.parser.ParserError is sys.modules["yaml._yaml"].ParserError
"""
    run(FIRST + script)


def test_the_whole_comes_when_somebody_asks_for_it() -> None:
    script = """
parts = {name: sys.modules[name] for name in list(sys.modules) if name.split(".")[0] == "yaml"}
event = yaml.ScalarEvent
import yaml as again
from yaml import safe_load, CSafeLoader
from yaml.constructor import ConstructorError
assert again is yaml
assert all(sys.modules[name] is part for name, part in parts.items())
assert yaml.ScalarEvent is event is sys.modules["yaml.events"].ScalarEvent
assert issubclass(CSafeLoader, CParser)
assert safe_load("a: [1, 2.5, 2001-12-14]")["a"][1] == 2.5
assert yaml.load("a: 1", CSafeLoader) == yaml.safe_load("a: 1") == {"a": 1}
assert yaml.dump({"a": [1]}, Dumper=yaml.CSafeDumper) == yaml.safe_dump({"a": [1]})
assert isinstance(next(yaml.parse("a")), yaml.StreamStartEvent)
try:
    yaml.load("!!int x", CSafeLoader)
except ValueError:
    pass
try:
    yaml.load("!unknown x", CSafeLoader)
except ConstructorError as error:
    assert type(error) is yaml.constructor.ConstructorError
try:
    yaml.compose("*a", CSafeLoader)
except yaml.composer.ComposerError as error:
    assert type(error) is sys.modules["yaml._yaml"].ComposerError
assert yaml.__version__ and yaml.__file__.endswith("__init__.py") and type(yaml).__name__ == "module"
assert not hasattr(yaml, "no_such_name")
"""
    run(FIRST + script)


def test_a_star_import_has_all_names() -> None:
    script = "from yaml import *\nassert safe_load('a: 1') == {'a': 1}"
    run(FIRST + script)


def test_what_is_imported_already_is_taken() -> None:
    script = "import yaml as first\n" + FIRST + "print(yaml is first, CParser in first.CSafeLoader.__mro__)"
    assert run(script) == "True True"


def test_a_missing_name_is_an_attribute_error() -> None:
    script = "try: yaml.no_such_name\nexcept AttributeError as error: print(error)"
    assert run(FIRST + script) == "module 'yaml' has no attribute 'no_such_name'"
