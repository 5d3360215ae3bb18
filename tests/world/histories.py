"""Random small worlds for laws: a policy, patients, histories full of traps, links, erasures. Rows
of text, as sources write them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from world.policies import POLICIES

TAKEN_AT = datetime(2026, 6, 1, 12, tzinfo=UTC)
IDS = [str(n) for n in range(6, 14)]  # as text, 10 to 13 come before 6
GRANTS = ["given", "renewed"]
DENIALS = ["refused", "withdrawn", "objected", "expired", "revoked"]
STRANGE = ["huh", "", "Agreed", "requested", "deferred"]
PERSONAL = [
    "web_form",
    "app",
    "paper",
    "phone_recorded",
    "in_person",
    "chatbot",
    "voicebot",
    "sms_keyword",
]
DAYS = [-1100, -1000, -999, -301, -300, -299, -51, -50, -49, -20, -10, -5, -4, -3, -2, -1]
Row = dict[str, Any]


@dataclass(frozen=True)
class Given:
    """What a world is made from."""

    policy: Row
    patients: list[Row]
    consents: list[Row]
    links: list[Row]
    erased: list[str]

    def but(self, **changes: Any) -> Given:
        """The same world with something else in it."""
        return replace(self, **changes)


def moments(now: datetime = TAKEN_AT, days: list[int] | None = None) -> st.SearchStrategy[str]:
    """Readable dates around the rules' limits: bare, with a zone, without one."""
    moment = st.builds(
        lambda d, s: now + timedelta(days=d, seconds=s),
        st.sampled_from(days or DAYS),
        st.sampled_from([0, 0, 0, -1, 1, 43200]),
    )
    return st.builds(
        lambda m, form: m.strftime(form),
        moment,
        st.sampled_from(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M:%S"]),
    )


def mostly(usual: list[str], rare: list[str]) -> st.SearchStrategy[str]:
    """A usual value, seldom a rare one."""
    return st.sampled_from(usual * (12 * len(rare) // len(usual) + 1) + rare)


@st.composite
def events(
    draw: st.DrawFn,
    policy: Row,
    ids: list[str],
    states: list[str] | None = None,
    now: datetime = TAKEN_AT,
) -> Row:
    """One consent row."""
    state = draw(
        st.sampled_from(
            states or [*GRANTS * 8, *DENIALS, *STRANGE[:2], draw(st.sampled_from(STRANGE))]
        )
    )
    name = draw(st.sampled_from(sorted(policy["purposes"])))
    purpose = policy["purposes"][name]
    wide = state not in GRANTS
    when = draw(mostly(["", ""], ["rubbish", "2026-13-01", "empty"]))
    effective = draw(moments(now)) if when == "" else when.replace("empty", "")
    recorded = draw(st.one_of(st.just(effective), moments(now), moments(now, [*DAYS[-4:], 1, 5])))
    return {
        "patient_id": draw(st.sampled_from(ids)),
        "event_id": "e",
        "source": "crm",
        "state": state,
        "purpose": draw(mostly([name, name, "*"] if wide else [name], ["*", "", "bogus"])),
        "channel": draw(
            mostly(["*", *purpose.get("channels", [])], ["", "fax", *policy["channels"]])
        ),
        "topic": draw(mostly(["*", *purpose.get("topics", [])], ["", "x", *policy["topics"]])),
        "category": draw(mostly(["*", *purpose["categories"], *purpose["categories"]], ["", "y"])),
        "effective_at": effective,
        "recorded_at": recorded,
        "confirmed_at": draw(st.one_of(st.just(effective), st.just(""), moments(now, [-1, 0, 1]))),
        "valid_until": draw(mostly(["", ""], [draw(moments(now, [-1, 0, 1, 3])), "soon"])),
        "method": draw(mostly(PERSONAL, ["import", "sync", ""])),
        "expressed_by": draw(st.sampled_from(["self", "joint"])),
        "notice_version": draw(mostly(policy["notices"][1:], [policy["notices"][0], "", "bogus"])),
        "evidence": draw(mostly(["doc"], ["", " ", "\u00a0"])),
    }


def patients(ids: list[str]) -> st.SearchStrategy[list[Row]]:
    """A row for each id: ages around every limit, few of them dead."""
    row = st.fixed_dictionaries(
        {
            "age": mostly(["40", "60"], ["", "12", "13", "14", "15", "17", "18"]),
            "birth_date": mostly(
                [""],
                [
                    "1980-01-01",
                    "2008-06-01",
                    "2008-06-02",
                    "2008-02-29",
                    "2012-02-29",
                    "2011-06-01",
                    "2013-06-01",
                ],
            ),
            "deceased": mostly(["", "no"], ["true"]),
        }
    )
    return st.tuples(*(row for _ in ids)).map(
        lambda rows: [{"patient_id": i, **r} for i, r in zip(ids, rows, strict=True)]
    )


@st.composite
def worlds(draw: st.DrawFn) -> Given:
    """A world of six patients, two ids that only events or links know, and up to forty events."""
    policy = POLICIES[draw(st.sampled_from(sorted(POLICIES)))]
    people = draw(patients(IDS[:6]))
    history = draw(st.lists(events(policy, IDS), min_size=8, max_size=40))
    pair = st.fixed_dictionaries(
        {"patient_id": st.sampled_from([*IDS, "99"]), "same_as": st.sampled_from(IDS)}
    )
    return Given(
        policy,
        people,
        history,
        draw(st.lists(pair, max_size=3)),
        draw(st.lists(st.sampled_from(IDS), max_size=1)) if draw(st.booleans()) else [],
    )
