"""Outages: the disk, the server or an account's rights stopped a command; the project is as it was.

They are told as what they are: nothing has to be recovered, and doing it again costs nothing.
"""

from __future__ import annotations

import errno
import os
import pwd
from pathlib import Path

from segmenter.errors import OutageError, SegmenterError, UsageError

FULL = (errno.ENOSPC, errno.EDQUOT)
DENIED = (errno.EACCES, errno.EPERM, errno.EROFS)
FAILING = (errno.EIO, errno.ENOMEM, errno.EMFILE, errno.ENFILE, errno.ESTALE)
MISNAMED = (errno.EISDIR, errno.ENOTDIR, errno.ENAMETOOLONG, errno.EEXIST)
AGAIN = "nothing is lost: {}, and do it again"
PRIVATE = ".segmenter"


def disk_full(file: Path | None = None) -> OutageError:
    """There is no space left."""
    return OutageError("the disk is full", file=file, hint=AGAIN.format("free space"))


def disk_failed(file: Path | None = None) -> OutageError:
    """The disk, or the machine, could not do what was asked."""
    msg = "the disk could not be read or written"
    return OutageError(msg, file=file, hint=AGAIN.format("look at the machine's disk"))


def server_gone(variable: str) -> OutageError:
    """The server of the control database does not answer."""
    msg = "the server of the control database cannot be reached"
    return OutageError(msg, hint=AGAIN.format(f"start it, or correct {variable}"))


def denied(file: Path | None) -> UsageError:
    """This account may not do that; whose account the project is."""
    owner = None if file is None else owner_of(file)
    whose = "" if owner is None else f"; it belongs to the account {owner}"
    return UsageError(
        f"this account ({account_name(os.geteuid())}) may not read or write it{whose}",
        file=file,
        hint="a project is for the account that owns `.segmenter`",
    )


def of_system(error: OSError) -> SegmenterError | None:
    """What the operating system refused, if a person can do something about it."""
    named = isinstance(error.filename, (str, bytes))
    file = Path(os.fsdecode(error.filename)) if named else None
    if error.errno in FULL:
        return disk_full(file)
    if error.errno in DENIED:
        return denied(file)
    if error.errno in FAILING:
        return disk_failed(file)
    if error.errno in MISNAMED:
        return UsageError("no file of this name can be written here", file=file)
    return None


def owner_of(file: Path) -> str | None:
    """The account that a file belongs to, or the nearest folder above it that can be seen.

    Of a project's private folder, the account of the folder itself.
    """
    chain = (file, *file.parents)
    homes = [path for path in chain if path.name == PRIVATE]
    for path in (*homes, *chain):
        try:
            return account_name(path.stat().st_uid)
        except OSError:
            continue
    return None


def account_name(user: int) -> str:
    """The name of an account, by its user id."""
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return f"uid-{user}"
