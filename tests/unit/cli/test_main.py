"""The command as a whole: help, start-up and determinism."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys

import pytest

from tests.unit.cli.command import PROGRAM, QUICKSTART, STREAM, installed, krm_otel

pytestmark = pytest.mark.slow  # most tests start the installed command


def test_help_has_examples() -> None:
    """What `kpt fn doc` prints."""
    text = krm_otel("--help").stdout.decode()
    assert "kpt fn eval" in text
    assert "kind: OTelConfig" in text


@pytest.mark.parametrize(
    ("arguments", "stdin"),
    [
        ([], STREAM),
        (["render", "-", "-v"], STREAM.replace(b"telemetry:", b"telemetri:")),
        (["validate", "-", "--format", "json"], b"a: [\n"),
        (["diff", str(QUICKSTART)], b""),
        (["argocd", "discover"], b""),
        (["rendr", "x"], b""),
    ],
    ids=["function", "faults", "json", "diff", "argocd", "misuse"],
)
def test_other_tests_may_run_it_in_their_process(arguments: list[str], stdin: bytes) -> None:
    """Exit code and streams are those of the installed command."""
    process, here = installed(*arguments, stdin=stdin), krm_otel(*arguments, stdin=stdin)
    assert (here.returncode, here.stdout, here.stderr) == (process.returncode, process.stdout, process.stderr)


@pytest.mark.parametrize(
    "stdin",
    [STREAM, b"", b"a: [", b"\xff", STREAM.replace(b"telemetry:", b"telemetri:"), b"kind: \xc3\xa9\x1b[1m\n"],
    ids=["sound", "empty", "broken", "binary", "faults", "unprintable"],
)
def test_the_function_is_the_same_with_click_and_without(stdin: bytes) -> None:
    """Any option, and any variable of krm-otel, takes the way of click."""
    without, variable = installed(stdin=stdin), installed(stdin=stdin, FORCE_COLOR="0")
    option = installed("-q", stdin=stdin)
    assert (without.returncode, without.stdout, without.stderr) == (
        variable.returncode,
        variable.stdout,
        variable.stderr,
    )
    assert (without.returncode, without.stdout) == (option.returncode, option.stdout)


def test_the_output_does_not_depend_on_the_hash_seed() -> None:
    """The same bytes whatever order Python's sets have."""
    outputs = {installed(stdin=STREAM, PYTHONHASHSEED=seed).stdout for seed in ("0", "1", "4242")}
    assert len(outputs) == 1


# --- for people ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", ["40", "60", "80", "100"])
def test_the_help_of_a_command_is_never_cut_off(width: str) -> None:
    text = installed("--help", COLUMNS=width).stdout.decode()
    listed = text[text.index("Commands:") :]
    assert "..." not in listed
    assert max(map(len, listed.splitlines())) <= int(width)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["rendr", "x"], "there is no command rendr: did you mean render?"),
        (["zzz"], "there is no command zzz: krm-otel -h lists all"),
        ([str(QUICKSTART)], f"{QUICKSTART} is no command, but a path: write krm-otel render {QUICKSTART}"),
        (["render", "--repot", "x"], "--report"),
    ],
)
def test_a_mistake_gets_a_proposal(arguments: list[str], said: str) -> None:
    done = krm_otel(*arguments)
    assert (done.returncode, done.stdout) == (2, b"")
    assert said in done.stderr.decode()


def test_it_runs_as_a_module() -> None:
    done = subprocess.run([sys.executable, "-m", "krm_otel", "--version"], capture_output=True, check=True, timeout=60)
    assert done.stdout == krm_otel("--version").stdout


def test_a_bug_is_exit_code_2_and_no_output() -> None:
    """Here a broken library: clients need an exit code, users a sentence."""
    code = (
        "import sys; sys.argv = ['krm-otel']\n"
        "import krm_otel.run as module\n"
        "from krm_otel.cli.main import main\n"
        "def broken(*_, **__): raise RuntimeError('boom')\n"
        "module.run = broken\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], input=STREAM, capture_output=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"internal error, nothing is changed: RuntimeError: boom" in done.stderr
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("arguments", [[], ["render", "-"]], ids=["function", "command"])
def test_ctrl_c_is_exit_code_130(arguments: list[str]) -> None:
    """While it waits for its input."""
    # What a shell starts in the background ignores Ctrl-C, and so does what that starts.
    script = "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execv(sys.argv[1], sys.argv[1:])"
    command = [sys.executable, "-c", script, PROGRAM, *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdin is not None and process.stderr is not None
        process.stdin.write(b"kind: A\n" * 20_000)  # more than a pipe holds: it has begun to read
        process.stdin.flush()
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (130, b"\nstopped: Ctrl-C\n")


def on_terminal(*arguments: str, **env: str) -> str:
    """What the command prints with a terminal as its standard streams, where standard input ends at once."""
    leader, follower = pty.openpty()
    command = [PROGRAM, *arguments]
    variables = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR")}
    environ = variables | {"TERM": "xterm-256color", **env}
    process = subprocess.Popen(command, stdin=follower, stdout=follower, stderr=follower, env=environ)
    os.close(follower)
    os.write(leader, b"\x04")
    text = b""
    while True:
        try:
            piece = os.read(leader, 65536)
        except OSError:  # the other side is closed
            break
        if not piece:
            break
        text += piece
    process.wait(timeout=60)
    os.close(leader)
    return text.decode()


def test_a_terminal_on_standard_input_gets_a_word() -> None:
    """Otherwise the command seems to hang."""
    assert "krm-otel reads manifests from the terminal: end them with Ctrl-D" in on_terminal("render", "-")
    assert "Usage: krm-otel" in on_terminal()


@pytest.mark.parametrize("command", ["diff", "validate", "render"])
def test_colors_are_for_terminals(command: str) -> None:
    """And as NO_COLOR, TERM and --color say, in every command alike."""
    assert "\x1b[" in on_terminal(command, str(QUICKSTART / "classruntime.yaml"))
    assert "\x1b[" not in on_terminal(command, str(QUICKSTART / "classruntime.yaml"), NO_COLOR="1")
    assert "\x1b[" not in on_terminal(command, str(QUICKSTART / "classruntime.yaml"), TERM="dumb")
    assert "\x1b[" not in on_terminal("--color", "never", command, str(QUICKSTART / "classruntime.yaml"))
    assert "\x1b[" not in on_terminal(command, str(QUICKSTART / "classruntime.yaml"), "--color", "never")
    piped = krm_otel(command, QUICKSTART / "classruntime.yaml", FORCE_COLOR="1")
    assert b"\x1b[" in piped.stdout + piped.stderr
    assert b"\x1b[" not in krm_otel(command, QUICKSTART / "classruntime.yaml").stderr


def test_completion_knows_codes_commands_and_files() -> None:
    def completed(words: str) -> str:
        count = str(words.count(" "))
        done = krm_otel(_KRM_OTEL_COMPLETE="bash_complete", COMP_WORDS=words, COMP_CWORD=count)
        return done.stdout.decode()

    assert "plain,limit-sampling-rate" in completed("krm-otel help limit-")
    assert "plain,render" in completed("krm-otel ren")
    assert completed("krm-otel render app") == "file,app\n"
