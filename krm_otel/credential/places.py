"""Where credentials are in plain data, as in a collector's config.

Names alone do not say it: below `headers` any name may be a credential's, below `params` those of a URL's parameters,
and in a list of `{key: …, value: …}` the name stands beside the value.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, Literal

from krm_otel.credential.headers import is_credential, is_header_credential
from krm_otel.credential.names import is_secret_name, last_word
from krm_otel.credential.texts import is_parameter_credential

Steps = tuple[str | int, ...]
_Room = Literal["", "headers", "header", "parameters", "secrets"]
"""What the names in a mapping are; `header`: the mapping is about one header."""

_ROOMS: Final[dict[str, _Room]] = {
    **dict.fromkeys(("headers", "http_headers", "request_headers", "required_headers", "required_header"), "headers"),
    **dict.fromkeys(("additional_headers", "extra_headers", "custom_headers", "default_headers"), "headers"),
    **dict.fromkeys(("params", "query_params", "query_parameters", "url_params"), "parameters"),
    **dict.fromkeys(("secrets", "passwords", "tokens", "api_keys"), "secrets"),
}
_VALUES: Final = frozenset(("value", "default_value"))
_DESCRIPTIVE: Final = frozenset(("name", "file", "path", "type", "key", "namespace", "username", "user", "id", "url"))
"""Last words of what may stand beside a secret without being one."""


def credentials_in(value: Any) -> Iterator[Steps]:
    """The steps to every text that is a credential."""
    yield from _find(value, (), "", "")


def headers_twice(value: Any, steps: Steps = (), room: _Room = "") -> Iterator[tuple[Steps, str]]:
    """Headers that stand a second time in one mapping or list, in another spelling or in the same, with the first."""
    seen: dict[str, str] = {}
    if isinstance(value, Mapping):
        for key, member in value.items():
            here = (*steps, str(key))
            if room == "headers" and (first := seen.setdefault(str(key).lower(), str(key))) != str(key):
                yield here, first
            yield from headers_twice(member, here, _ROOMS.get(str(key), ""))
    elif _is_list(value):
        for index, member in enumerate(value):
            name = _name_beside(member) if room == "headers" and "action" not in _keys(member) else ""
            if name and name.lower() in seen:
                yield (*steps, index), seen[name.lower()]
            seen.setdefault(name.lower(), name)
            yield from headers_twice(member, (*steps, index))


def _find(value: Any, steps: Steps, room: _Room, name: str) -> Iterator[Steps]:
    """What is a credential in a value that is called `name` in a room."""
    if _is_text(value):
        if _is_literal(room, name, str(value)):
            yield steps
    elif isinstance(value, Mapping):
        beside = _name_beside(value)
        for key, member in value.items():
            here = (*steps, str(key))
            yield from _find(member, here, *_room_of(member, here, room, name, beside, value.get("action")))
    elif _is_list(value):
        for index, member in enumerate(value):
            yield from _find(member, (*steps, index), room, name if room else _singular(name))


def _room_of(member: Any, here: Steps, room: _Room, name: str, beside: str, action: Any) -> tuple[_Room, str]:
    """The room and the name of a member of a mapping that is itself in `room`, called `name`."""
    key, plain = str(here[-1]), _last_two(here)
    if beside:  # {key: …, value: …}
        if key not in _VALUES:
            return "", plain
        if room == "headers":
            return "header", beside
        return "", "" if action == "update" else beside  # an update overwrites what was there
    match room:
        case "headers" if len(here) > 1 and isinstance(here[-2], str):
            return "header", key
        case "header" if key == "values":
            return "header", name
        case "parameters" | "secrets":
            return room, key
    inner = _ROOMS.get(key, "")
    return ("", plain) if _is_text(member) and inner != "secrets" else (inner, "" if inner else plain)


def _is_literal(room: _Room, name: str, text: str) -> bool:
    match room:
        case "headers":
            return is_credential("headers", text)
        case "header":
            return is_header_credential(name, text)
        case "parameters":
            return is_parameter_credential(name, text)
        case "secrets" if last_word(name) not in _DESCRIPTIVE:
            return is_credential("secret", text)
    return is_credential(name, text)


def _name_beside(value: Any) -> str:
    """The name in `{key: …, value: …}` or `{name: …, value: …}`; empty where there is none."""
    if not _keys(value) & _VALUES:
        return ""
    return next((name for key in ("key", "name") if isinstance(name := value.get(key), str)), "")


def _keys(value: Any) -> frozenset[str]:
    return frozenset(map(str, value)) if isinstance(value, Mapping) else frozenset()


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _is_text(value: Any) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool)


def _last_two(steps: Steps) -> str:
    """The last two names of a path: `api.key` says more than `key`."""
    return ".".join([str(step) for step in steps if isinstance(step, str)][-2:])


def _singular(name: str) -> str:
    return name if is_secret_name(name) else name.removesuffix("s").replace("communitie", "community")
