"""What a failure of the control database means: an outage, an account's rights, or damage (P4).

A full disk, a server that is gone or a file that another account owns have harmed nothing: they are
told as such, and nobody is sent to a recovery. Only what cannot be trusted refuses (P4).
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from segmenter import outages
from segmenter.errors import BudgetError, OutageError, SegmenterError, UsageError

URL_VARIABLE = "SEGMENTER_CONTROL_URL"
RECOVER = (
    "an officer runs `segmenter budget recover`, "
    "which assumes that every budget of the period is spent"
)
SPARE = 1 << 16  # bytes: with less space than that left, the disk is full
ADDRESS = f"correct {URL_VARIABLE}"


def broken(what: str, file: Path | None = None) -> BudgetError:
    """The refusal of a journal that cannot be trusted."""
    return BudgetError("P4", what, file=file, hint=RECOVER)


def foreign() -> BudgetError:
    """The refusal of a server that holds the journals of other projects, and not this one's."""
    return BudgetError(
        "P4",
        "the control database holds the journal of another project, and none of this one",
        hint=f"{ADDRESS}: what lies there stays as it is",
    )


def no_address() -> UsageError:
    """The refusal of an address that cannot be read. It is not repeated: it may hold a password."""
    return UsageError("the address of the control database cannot be read", hint=ADDRESS)


@contextlib.contextmanager
def told(file: Path | None) -> Iterator[None]:
    """Tell failures of the database in our words; `file` is SQLite's, None on a server."""
    try:
        yield
    except sa.exc.DBAPIError as error:
        raise _of_server(error) if file is None else _of_file(error.orig, file) from None


# -- SQLite ----------------------------------------------------------------------------------------


def _of_file(error: Any, file: Path) -> SegmenterError:
    name = str(getattr(error, "sqlite_errorname", "")).removeprefix("SQLITE_")
    if name.startswith(("BUSY", "LOCKED")):
        return SegmenterError("the control database is busy", hint="try again")
    if name in ("FULL", "IOERR_SHMSIZE"):
        return outages.disk_full(file)
    if name.startswith(("READONLY", "PERM", "AUTH")):
        return outages.denied(file)
    if name.startswith("CANTOPEN"):
        return _unopened(file)
    if name.startswith(("IOERR", "NOMEM")):
        return outages.disk_full(file) if _is_full(file) else outages.disk_failed(file)
    return broken("the control database cannot be read", file)


def _unopened(file: Path) -> SegmenterError:
    """Why SQLite could not open its file."""
    place = file if file.exists() else file.parent
    effective = os.access in os.supports_effective_ids
    if not os.access(place, os.R_OK | os.W_OK, effective_ids=effective):
        return outages.denied(file)
    if _is_full(file):
        return outages.disk_full(file)
    return broken("the control database cannot be opened", file)


def _is_full(file: Path) -> bool:
    try:
        left = os.statvfs(file.parent)
    except OSError:
        return False
    return left.f_bavail * left.f_frsize < SPARE


# -- a server --------------------------------------------------------------------------------------


def _of_server(error: sa.exc.DBAPIError) -> SegmenterError:
    """By the classes of SQLSTATE; an error without one never reached the server."""
    state = str(getattr(error.orig, "sqlstate", None) or "")
    if state == "53100":
        msg = "the disk of the control database's server is full"
        return OutageError(msg, hint="nothing is lost: free space there, and do it again")
    if state.startswith(("40", "55")):
        return SegmenterError("the control database is busy", hint="try again")
    if state.startswith(("28", "3D", "42501")):
        msg = "the server of the control database does not let this account in"
        return UsageError(msg, hint=ADDRESS)
    if not state or state.startswith(("08", "53", "57", "58")):
        return outages.server_gone(URL_VARIABLE)
    return broken("the control database cannot be read")
