"""Who may do what: one table of verbs by role, the only source.

A verb is spelt as on the command line, `suppress add`; in Python it is `suppress_add`. What is not
in the table, nobody may do. The page `docs/reference/roles.md` is made from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from segmenter.errors import Refusal
from segmenter.model import Actor, Role

RULE = "roles"


@dataclass(frozen=True, slots=True)
class Right:
    """Who may do a verb.

    `roles` are those that may; `undeclared` says whether everybody may if the policy declares no
    roles, and `roleless` whether an account may that the declared roles do not name.
    """

    roles: frozenset[Role]
    undeclared: bool = True
    roleless: bool = False

    @property
    def holders(self) -> str:
        """Who may do it, in words."""
        if self.roleless:
            return "anybody"
        names = [role.value for role in Role if role in self.roles]
        first = "an" if names[0][0] in "aeiou" else "a"
        if len(names) == 1:
            return f"{first} {names[0]}"
        return f"{first} {', '.join(names[:-1])} or {names[-1]}"


_EVERY_ROLE = frozenset(Role)
_MARKETING = frozenset({Role.OFFICER, Role.ANALYST, Role.MARKETER})
_RUNNING = frozenset({Role.OFFICER, Role.OPERATOR})

_ANYBODY = Right(_EVERY_ROLE, roleless=True)  # reads no data of the project
_WITH_A_ROLE = Right(_EVERY_ROLE)
_NUMBERS = Right(_MARKETING)
_QUESTIONS = Right(frozenset({Role.OFFICER, Role.ANALYST}))
_FILES = Right(frozenset({Role.OFFICER, Role.MARKETER}))
_OPERATION = Right(_RUNNING)
_ROWS = Right(_RUNNING, undeclared=False)  # shows rows, or acts that tell of a person
_OFFICERS = Right(frozenset({Role.OFFICER}), undeclared=False)

RIGHTS: Mapping[str, Right] = MappingProxyType(
    {
        "init": _ANYBODY,
        "demo": _ANYBODY,
        "check": _ANYBODY,
        "schema": _ANYBODY,
        "test": _ANYBODY,
        "ingest": _OPERATION,
        "ingest --accept": _OFFICERS,
        "plan": _WITH_A_ROLE,
        "run": _WITH_A_ROLE,
        "report": _WITH_A_ROLE,
        "query": _QUESTIONS,
        "discover": _NUMBERS,
        "forecast": _NUMBERS,
        "notice": _NUMBERS,
        "export": _FILES,
        "verify": _WITH_A_ROLE,
        "recall": _ROWS,
        "recall ack": _ROWS,
        "retain": _ROWS,
        "exposed": _OFFICERS,
        "suppress": _WITH_A_ROLE,  # whoever hears an opt-out may enter it
        "suppress show": _WITH_A_ROLE,
        "suppress import": _WITH_A_ROLE,
        "suppress add": _WITH_A_ROLE,
        "suppress lift": _OFFICERS,
        "suppress export": _OFFICERS,
        "why": _OFFICERS,
        "receipt": _OFFICERS,
        "subject": _OFFICERS,
        "forget": _OFFICERS,
        "budget": _WITH_A_ROLE,
        "budget verify": _OPERATION,
        "budget recover": _OFFICERS,
        "budget confirm": _OFFICERS,
        "quarantine": _ROWS,
        "trail": _ROWS,
    }
)


def right_to(verb: str) -> Right:
    """Who may do a verb. Raises `Refusal` for one that is not in the table."""
    right = RIGHTS.get(verb)
    if right is None:
        msg = f"nobody may do `{verb}`: no role is given it"
        raise Refusal(RULE, msg, hint="this is a fault of the program: please report it")
    return right


def require(actor: Actor, verb: str, *, declared: bool) -> None:
    """Refuse if an actor may not do a verb. `declared` says whether the policy declares roles.

    Raises `Refusal` (`roles`), which says who may.
    """
    right = right_to(verb)
    if right.roleless or actor.roles & right.roles:
        return
    if not declared and right.undeclared:
        return
    raise Refusal(
        RULE, f"only {right.holders} may do `{verb}`", hint=_way_out(actor, declared=declared)
    )


def _way_out(actor: Actor, *, declared: bool) -> str:
    if not declared:
        return "the policy declares no `roles`: name the officer's account there"
    held = [role.value for role in Role if role in actor.roles]
    rank = f"is only {' and '.join(held)}" if held else "has no role"
    return f"the account `{actor.account}` {rank} in the policy's `roles`"
