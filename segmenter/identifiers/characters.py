"""White space and characters that nobody sees, in identifiers of every kind."""

from __future__ import annotations

import re
import unicodedata

_RANGES = (  # white space, controls (Cc), format characters (Cf), and what else is drawn as nothing
    (0x0000, 0x0020), (0x007F, 0x00A0), (0x00AD, 0x00AD), (0x034F, 0x034F), (0x0600, 0x0605),
    (0x061C, 0x061C), (0x06DD, 0x06DD), (0x070F, 0x070F), (0x0890, 0x0891), (0x08E2, 0x08E2),
    (0x115F, 0x1160), (0x1680, 0x1680), (0x17B4, 0x17B5), (0x180B, 0x180F), (0x2000, 0x200F),
    (0x2028, 0x202F), (0x205F, 0x206F), (0x2800, 0x2800), (0x3000, 0x3000), (0x3164, 0x3164),
    (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0), (0xFFF0, 0xFFFB), (0x110BD, 0x110BD),
    (0x110CD, 0x110CD), (0x13430, 0x1343F), (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A),
    (0xE0000, 0xE0FFF),
)  # fmt: skip


_LAST_BYTE = 0xFF


def _sign(code: int) -> str:
    """A character as a class of a pattern has it, in Python and in SQL alike."""
    if code <= _LAST_BYTE:
        return f"\\x{code:02x}"
    return chr(code)


# What stands inside `[...]` in a pattern.
BLANKS = "".join(f"{_sign(first)}-{_sign(last)}" for first, last in _RANGES)
AROUND = f"^[{BLANKS}]+|[{BLANKS}]+$"

_AROUND = re.compile(rf"\A[{BLANKS}]+|[{BLANKS}]+\Z")
_UNSEEN = re.compile(rf"(?!\s)[{BLANKS}]")


def stripped(text: str) -> str:
    r"""A text without white space and unseen characters around it; what is inside stays.

    >>> stripped(" P 1\u200b ")
    'P 1'
    """
    return _AROUND.sub("", text)


def folded(text: str) -> str:
    r"""A text in NFKC, lower-case, without unseen characters; white space stays.

    >>> folded("\u200bＡnne\u00ad Dupont")
    'anne dupont'
    """
    lowered = unicodedata.normalize("NFKC", text).lower()
    normalised = unicodedata.normalize("NFKC", lowered)
    return _UNSEEN.sub("", normalised)
