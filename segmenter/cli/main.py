"""The process: arguments in, an exit status out; errors become exit statuses here.

Exit status: 0 done, 2 usage or a file that is wrong, 3 refused by a rule, 1 our own failure, 130
cancelled.
"""

import contextlib
import os
import resource
import signal
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import typer

from segmenter import outages
from segmenter.cli.app import app
from segmenter.cli.output import answered, write_json
from segmenter.errors import Cancelled, Problem, SegmenterError, UsageError

_pressed: list[bool] = []
_CANCELLED = Cancelled("cancelled")


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the program and end the process with its exit status."""
    if not sys.warnoptions:
        warnings.simplefilter("ignore")
    _leave_no_core()
    _nowhere()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, ValueError):
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    signal.signal(signal.SIGINT, _interrupt)
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def _leave_no_core() -> None:
    """A crash must not write the memory, and the patients and the key in it, to a file."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _nowhere() -> None:
    """If the caller closed standard output or error, what is written to it goes nowhere."""
    if sys.stdout is None:
        # It stays open as long as the process lives.
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115


def _interrupt(_signal: int, _frame: FrameType | None) -> NoReturn:
    """Note Ctrl-C: the engine turns the exception into one of its own."""
    _pressed.append(True)
    raise KeyboardInterrupt


def run(arguments: Sequence[str]) -> int:
    """Run the program; its exit status."""
    try:
        status = int(app(list(arguments), prog_name="segmenter", standalone_mode=False) or 0)
        return (
            _failed(_CANCELLED, arguments) if status == _CANCELLED.exit_status else status
        )  # Typer makes 130 of Ctrl-C
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 1
    except (KeyboardInterrupt, typer.Abort):
        return _failed(_CANCELLED, arguments)
    except SegmenterError as error:
        return _failed(error, arguments)
    except typer.TyperException as error:
        return _failed(_usage(error), arguments)
    except Exception as error:  # noqa: BLE001  (the last line of defence: no value may be shown)
        return _failed(_internal(error), arguments)


def _usage(error: typer.TyperException) -> SegmenterError:
    message = error.format_message().strip()
    if not message:
        message = "a command is missing"
    if message.startswith("Got unexpected extra argument"):
        message = "there is an argument too many"  # never said which: it may be a patient's
    message = message[0].lower() + message[1:]
    context: Any = getattr(error, "ctx", None)
    return UsageError(
        message.rstrip("."),
        hint=None if context is None else f"see `{context.command_path} --help`",
    )


def _internal(error: Exception) -> SegmenterError:
    """Our own failure: where it happened, and never with what."""
    refused = outages.of_system(error) if isinstance(error, OSError) else None
    if refused is not None:
        return refused
    place = error.__traceback__
    found = None
    while place is not None:
        file = Path(place.tb_frame.f_code.co_filename)
        found = f"{file.name}:{place.tb_lineno}" if "segmenter" in file.parts else found
        place = place.tb_next
    return SegmenterError(
        "an internal failure", hint=f"please report it: {type(error).__name__} at {found}"
    )


def _failed(error: SegmenterError, arguments: Sequence[str]) -> int:
    if _pressed and answered():
        return 0  # the work was done and told before Ctrl-C came
    if _pressed:
        error = _CANCELLED
    before = arguments[: list(arguments).index("--")] if "--" in arguments else arguments
    if "--json" in before:
        try:
            write_json({"error": error.to_dict()})
        except OSError:  # a pipe that is closed, a disk that is full: standard error tells it
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    with contextlib.suppress(OSError):
        for problem in error.problems:
            sys.stderr.write(_line(error, problem))
    return error.exit_status


def _line(error: SegmenterError, problem: Problem) -> str:
    what = "error"
    if error.rule is not None:
        what = f"refused [{error.rule}]"
    signs = [_visible(sign) for sign in str(problem)]
    told = "".join(signs)
    return f"segmenter: {what}: {told}\n"


def _visible(sign: str) -> str:
    if sign.isprintable() or sign == "\n":
        return sign
    return "\N{REPLACEMENT CHARACTER}"
