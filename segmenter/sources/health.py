"""How each source came through a load (R3): what was set aside and why, whom nobody knows.

Counts are for officers and operators (P17). A source whose rows were set aside, or name nobody of
the patient files, in more than the share that it may, does not pass.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from segmenter.sources.load import PREVIOUS, Orphans
from segmenter.sources.results import QuarantineReason, SourceHealth, TableCount

if TYPE_CHECKING:
    from segmenter.engine import Table, Tables
    from segmenter.project.declared import Read, Sources
    from segmenter.sources.load import Load

USUAL_SHARE = 0.05  # of rows that may be set aside
SHARE_OF_LISTS = 0.0  # the same of a list of opt-outs
ORPHANS_REFUSE = ("consent", "preference")  # and lists: whom these name wrongly may have said no
NAMES_NOBODY = ("S3", "S5")  # rules of list lines in which no identifier can be read
LIST = "suppression "  # begins the name of a list's source
HINTS = {  # part of a reason -> what most likely is the cause
    "not UTF-8": "the file is not UTF-8 text: export it as UTF-8",
    "fields, the header has": "a value that holds the delimiter needs quotes around it",
    "birth_date is unreadable": "write dates as YYYY-MM-DD",
    "effective_at is unreadable": "write dates as YYYY-MM-DD",
    "recorded_at is unreadable": "write dates as YYYY-MM-DD",
    "updated_at is unreadable": "write dates as YYYY-MM-DD",
    "is not a number": "write numbers in digits, with a point before decimals",
    "unknown state": "states are given, renewed, refused, withdrawn, objected, expired, revoked",
    "rows of this key differ": "the key is not one of patients, or the file holds two versions",
    "undeclared": "declare the word in policy.yml, or write one that is declared",
}
ZEROS = "ids match after leading zeros are cut: write them in the same way in every file"


def tell_health(load: Load) -> tuple[SourceHealth, ...]:
    """The health of every source that was counted, in the order of the load."""
    reasons = _reasons(load)
    filed = load.engine.make("patient_filed", reads=load.tables)
    orphans = {**_orphans_of_tables(load, filed), **load.orphans}
    _write_orphans(load, orphans)
    shares = dict(_shares(load.sources))
    found = []
    for source, count in load.counts.items():
        known = orphans.get(source, Orphans(0))
        quarantined = reasons.get(source, ())
        found.append(
            SourceHealth(
                source=source,
                count=count,
                quarantined=quarantined,
                orphans=known.rows,
                orphan_line=known.line,
                duplicates=_duplicates(load, source, count),
                hint=_hint(load, source, quarantined, known, filed),
                passed=_passes(source, count, quarantined, known, shares[source]),
            )
        )
    return tuple(found)


def _passes(
    source: str,
    count: TableCount,
    quarantined: tuple[QuarantineReason, ...],
    orphans: Orphans,
    share: float,
) -> bool:
    """Whether not more was set aside, and not more names nobody, than may be.

    A line of a list that holds no address at all can match nobody: of those, and of ids that no
    patient file has, a list may have the usual share, since no opt-out of a patient is lost.
    """
    if source.startswith(LIST):
        nobody = sum(one.rows for one in quarantined if one.rule in NAMES_NOBODY)
        usual = max(share, USUAL_SHARE)
        strangers = orphans.rows
    else:
        nobody = 0
        usual = share
        strangers = orphans.rows if source in ORPHANS_REFUSE else 0
    if count.quarantined - nobody > share * count.read:
        return False
    most = usual * count.read
    return nobody <= most and strangers <= most


def _shares(sources: Sources) -> Iterator[tuple[str, float]]:
    """The share of each source's rows that may be set aside (0 to 1)."""
    yield "patient", _share(sources.patient.read)
    yield "death", _share(None if sources.death is None else sources.death.read)
    for name, fact in sources.facts.items():
        yield name, _share(fact.read)
    yield "consent", max((_share(one.read) for one in sources.consent), default=USUAL_SHARE)
    yield "link", _share(sources.link)
    yield "preference", _share(sources.preference)
    for one in sources.suppression:
        yield f"{LIST}{one.name}", _share(one.read, SHARE_OF_LISTS)


def _share(read: Read | None, usual: float = USUAL_SHARE) -> float:
    if read is None or read.max_quarantined is None:
        return usual
    return read.max_quarantined


def _reasons(load: Load) -> Mapping[str, tuple[QuarantineReason, ...]]:
    """Why rows are in quarantine, by source; the commonest reason first."""
    found: dict[str, tuple[QuarantineReason, ...]] = {}
    rows = load.engine.rows("quarantine_reason", reads=load.tables)
    for source, rule, reason, many, line in rows:
        found[source] = (*found.get(source, ()), QuarantineReason(rule, reason, many, line))
    return found


def _duplicates(load: Load, source: str, count: TableCount) -> int | None:
    """Rows that repeat another one word for word; None for a source in which nobody counts them."""
    if source != "patient":
        return None
    return count.kept - load.engine.count(load.tables["patient"])


def _hint(
    load: Load,
    source: str,
    quarantined: tuple[QuarantineReason, ...],
    orphans: Orphans,
    filed: Table,
) -> str | None:
    """What most likely is the cause of the commonest trouble."""
    if quarantined and quarantined[0].rows >= orphans.rows:
        for part, hint in HINTS.items():
            if part in quarantined[0].reason:
                return hint
        return None
    tables = _naming(load)
    if not orphans.rows or source not in tables:
        return None
    reads = load.tables | {"naming_row": tables[source], "patient_filed": filed}
    ((found,),) = load.engine.rows("orphan_zero", reads=reads)
    return ZEROS if found else None


# -- whom nobody knows -----------------------------------------------------------------------------


def _naming(load: Load) -> dict[str, Table]:
    """The tables of the snapshot whose rows name patients, by source."""
    facts = {name: load.tables[f"fact_{name}"] for name in load.sources.facts}
    own = {name: load.tables[name] for name in ("consent", "preference")}
    return {**own, **facts}


def _orphans_of_tables(load: Load, filed: Table) -> dict[str, Orphans]:
    found = {}
    for source, table in _naming(load).items():
        if source not in load.counts:
            continue
        reads = {"naming_row": table, "patient_filed": filed}
        ((rows, line),) = load.engine.rows("orphan", reads=reads)
        found[source] = Orphans(rows, line)
    return found


def orphans_of_ids(load: Load, relation: str, reads: Tables) -> Orphans:
    """The rows of a staged source whose ids are in no patient file, as `relation` counts them."""
    with load.engine.scope():
        filed = load.engine.make("patient_filed", reads=load.tables)
        ((rows, line),) = load.engine.rows(relation, reads=reads | {"patient_filed": filed})
    return Orphans(rows, line)


def known_orphans(load: Load, source: str) -> Orphans:
    """What the previous snapshot knew of a source that is not read again."""
    if f"{PREVIOUS}orphan_count" not in load.previous:
        return Orphans(0)
    for name, rows, line in load.engine.rows("orphan_known", reads=load.previous):
        if name == source:
            return Orphans(rows, line)
    return Orphans(0)


def _write_orphans(load: Load, orphans: Mapping[str, Orphans]) -> None:
    import polars as pl

    rows = [(source, one.rows, one.line) for source, one in orphans.items()]
    schema: dict[str, Any] = {"name": pl.String, "orphans": pl.Int64, "line": pl.Int64}
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    load.write("orphan_count", frame)
