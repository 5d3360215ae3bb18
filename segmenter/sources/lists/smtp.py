"""What a mail server's answer means for the address (S4).

The relation `list_bounced` says the same in SQL.
Status 4.x is a deferral and x.7.x a block (the sender's reputation, a policy): both are soft
bounces. Any other 5.x is a hard bounce. A code such as 5.0.0 says nothing; then the answer's own
text speaks.
"""

from __future__ import annotations

import re

END = r"(?:$|[^0-9.]|[.](?:$|[^0-9]))"
SPECIFIC = re.compile(r"[245][.][0-9]{1,3}[.][0-9]{1,3}")
VAGUE = re.compile(r"[245][.]0[.]0")
BLOCKED = re.compile(rf"(?:^|[^0-9.])[245][.]7[.][0-9]{{1,3}}{END}")
FAILED = re.compile(rf"(?:^|[^0-9.])5(?:[0-5][0-9]|[.][0-9]{{1,3}}[.][0-9]{{1,3}}){END}")
DEFERRED = re.compile(rf"(?:^|[^0-9.])4(?:[0-5][0-9]|[.][0-9]{{1,3}}[.][0-9]{{1,3}}){END}")


def bounce(code: str, answer: str = "") -> str | None:
    """`hard_bounce` or `soft_bounce`; None where neither the code nor the answer says.

    >>> bounce("5.1.1"), bounce("550", "550 5.7.1 blocked"), bounce("4.2.2"), bounce("", "hm")
    ('hard_bounce', 'soft_bounce', 'soft_bounce', None)
    """
    code = code.strip()
    if SPECIFIC.fullmatch(code) and not VAGUE.fullmatch(code):
        temporary = code.startswith("4") or code[1:].startswith(".7.")
        return "soft_bounce" if temporary else "hard_bounce"
    if BLOCKED.search(answer) or code.startswith("4"):
        return "soft_bounce"
    if code.startswith("5"):
        return "hard_bounce"
    if FAILED.search(answer):
        return "hard_bounce"
    return "soft_bounce" if DEFERRED.search(answer) else None
