"""Which column names look like an opt-out (R1). Pure: a name in, yes or no out."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

SIGNS = (
    "unsub", "opt", "black", "block", "stop", "refus", "desinscri", "desabonn", "bounce",
    "complain", "do_not", "donot", "dnc",
)  # fmt: skip


def plain(name: str) -> str:
    """A column name without accents, upper case and signs; its words are joined by `_`.

    >>> plain(" Désinscrit le "), plain("doNotEmail")
    ('desinscrit_le', 'do_not_email')
    """
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", unicodedata.normalize("NFKC", name))
    letters = unicodedata.normalize("NFKD", words.casefold())
    bare = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return re.sub(r"[^\w]+", "_", bare.strip()).strip("_")


def looks_like_optout(name: str) -> bool:
    """Whether a column name holds a sign of an opt-out, in any case or accent.

    >>> [looks_like_optout(name) for name in ("Refusé", "SMS_BLOCKLISTED", "ville")]
    [True, True, False]
    """
    found = plain(name)
    return any(sign in found for sign in SIGNS)


def unread(header: Iterable[str], read: Iterable[str], ignored: Iterable[str]) -> list[str]:
    """The columns of a file that look like an opt-out, that nothing reads and nobody ignores.

    >>> unread(["email", "opt_out", "stop_sms"], ["email"], ["opt_out"])
    ['stop_sms']
    """
    known = {*read, *ignored}
    return [name for name in header if name not in known and looks_like_optout(name)]
