"""FHIR Consent (R4, R5) -> rows of consent events: pure functions from resources to rows.

A permit grants only where it names a mapped purpose, is active, not narrowed and not inside a deny.
A deny denies, narrowed or not. What cannot be read for certain becomes a row of an unknown state,
which C10 quarantines and lets deny.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from segmenter.errors import SourceError
from segmenter.sources.fhir_dates import later

Resource = Mapping[str, Any]
Row = dict[str, str]

ENDED = {"inactive", "entered-in-error"}
SILENT = {"draft", "proposed", "not-done"}
SCOPED = {
    "id",
    "extension",
    "type",
    "period",
    "purpose",
    "provision",
    "fhir_comments",
}  # anything else narrows a provision
UNSURE = "unreadable"  # a state that C10 does not know


@dataclass(frozen=True, slots=True)
class Terms:
    """What a declaration says: FHIR purpose code -> ours, and what the signed form grants.

    `now` is the time of ingest.
    """

    purposes: Mapping[str, str]
    grants: Mapping[str, object]
    now: datetime
    zone: str
    r5_exceptions: bool = False  # its writers follow the standard: first-level provisions negate

    def named(self, provision: Resource) -> list[str]:
        """Our purposes that a provision names."""
        found = [
            self.purposes[code] for code in codes(provision.get("purpose")) if code in self.purposes
        ]
        return list(dict.fromkeys(found))

    @property
    def categories(self) -> list[str]:
        """The categories that the form grants, one event each."""
        given = self.grants.get("categories", [])
        if isinstance(given, (list, tuple)):
            return [str(one) for one in given]
        return [str(given)]


@dataclass(frozen=True, slots=True)
class Said:
    """One thing that a resource says of a purpose: `permit`, `deny` or unsure, and its dates."""

    kind: str
    purpose: str
    starts: str
    until: str


@dataclass(frozen=True, slots=True)
class Consent:
    """One version of one resource."""

    resource: Resource = field(repr=False)
    origin: str
    line: int
    file: int = 0  # its file's number in the staging table

    @property
    def is_r5(self) -> bool:
        """R5 has a decision at the root and a list of provisions."""
        r = self.resource
        return isinstance(r.get("provision"), list) or any(
            name in r for name in ("subject", "decision", "grantor", "controller", "date")
        )

    @property
    def status(self) -> str:
        """active, inactive, ..."""
        return str(self.resource.get("status", ""))

    def meta(self, name: str) -> str:
        """A text of `meta`."""
        meta = self.resource.get("meta")
        return str(meta.get(name) or "") if isinstance(meta, dict) else ""


def require_known(consent: Consent) -> None:
    """Refuse STU3, whose fields of the same names mean other things."""
    r = consent.resource
    old = any(name in r for name in ("except", "consentingParty", "recipient")) or isinstance(
        r.get("policyRule"), str
    )
    if old or (
        "provision" not in r
        and any(name in r for name in ("purpose", "actor", "action", "securityLabel", "dataPeriod"))
    ):
        msg = f"{consent.origin} holds a FHIR STU3 Consent"
        raise SourceError(msg, hint="export it as R4 or R5")


# -- what a resource says --------------------------------------------------------------------------


def said(consent: Consent, terms: Terms) -> list[Said]:
    """All that one version says of our purposes, as if it were active."""
    r = consent.resource
    roots = r.get("provision", [])
    roots = roots if isinstance(roots, list) else [roots]
    if not all(isinstance(root, dict) for root in roots):
        return [Said(UNSURE, "*", _date(r), "")]
    found: list[Said] = []
    opted_out = any(
        code.startswith("OPTOUT")
        for name in ("policyRule", "regulatoryBasis")
        for code in concept_codes(r.get(name))
    )
    decision = str(r.get("decision", "")) if consent.is_r5 else ""
    narrowed = "modifierExtension" in r
    until = _period(r).get("end", "")
    named = [purpose for root in roots for purpose in terms.named(root)]
    permits_just_that = decision == "deny" and terms.r5_exceptions and bool(named)
    denies = opted_out or (decision == "deny" and not permits_just_that)
    if denies:
        found += _denied(named, r, terms, until)
    for root in roots:
        if consent.is_r5:
            kind = _first_level(decision, permits_just_that=permits_just_that)
            if kind == "deny" and codes(root.get("purpose")) and not terms.named(root):
                continue  # an exception about a purpose that is none of ours
        else:
            kind = str(root.get("type", ""))
        walk = _Walk(r, terms, consent.is_r5, narrowed or "modifierExtension" in root)
        found += walk.provision(
            root,
            kind,
            outer=(),
            inside_deny=denies,
            starts=_date(r),
            until=until,
            root=True,
        )
    return list(dict.fromkeys(found))


def _first_level(decision: str, *, permits_just_that: bool) -> str:
    """What a first-level provision of R5 is: an exception to the decision.

    An exception to a permit denies. An exception to a deny permits only if the source says that its
    writers follow the standard; else it denies as the decision does.
    """
    if decision == "permit":
        return "deny"
    if permits_just_that:
        return "permit"
    return decision


def _denied(purposes: Sequence[str], resource: Resource, terms: Terms, until: str) -> list[Said]:
    begins = _period(resource).get("start", "")
    starts = later(_date(resource), begins, terms.zone)
    everything = ["*"]
    return [Said("deny", purpose, starts, until) for purpose in purposes or everything]


@dataclass(frozen=True, slots=True)
class _Walk:
    resource: Resource
    terms: Terms
    flips: bool
    narrowed: bool

    def provision(
        self,
        one: Resource,
        kind: str,
        *,
        outer: tuple[str, ...],
        inside_deny: bool,
        starts: str,
        until: str,
        root: bool,
    ) -> Iterator[Said]:
        """What a provision and those within it say. `outer`: purposes of the permits around it."""
        period = _period(one)
        starts, until = (
            later(starts, period.get("start", ""), self.terms.zone),
            period.get("end", until),
        )
        named = self.terms.named(one)
        narrowed = self.narrowed or bool(set(one) - SCOPED)
        speaks_of = named or ([] if codes(one.get("purpose")) else list(outer))
        if kind == "permit":
            if not narrowed and not inside_deny:
                yield from (Said("permit", purpose, starts, until) for purpose in named)
        elif kind == "deny":
            yield from (
                Said("deny", purpose, starts, until)
                for purpose in (named or ["*"] if root else speaks_of)
            )
        elif kind or not root:
            yield from (Said(UNSURE, purpose, starts, until) for purpose in speaks_of or ["*"])
        inner = _Walk(self.resource, self.terms, self.flips, narrowed)
        around = (*outer, *named) if kind == "permit" else outer
        for child in _children(one):
            theirs = (
                {"permit": "deny", "deny": "permit"}.get(kind, "")
                if self.flips
                else str(child.get("type", ""))
            )
            yield from inner.provision(
                child,
                theirs,
                outer=around,
                inside_deny=inside_deny or kind == "deny",
                starts=starts,
                until=until,
                root=False,
            )


def _children(provision: Resource) -> list[Resource]:
    inner = provision.get("provision", [])
    return [
        child if isinstance(child, dict) else {"unreadable": True}
        for child in (inner if isinstance(inner, list) else [inner])
    ]


# -- rows ------------------------------------------------------------------------------------------


def rows(versions: Sequence[Consent], terms: Terms) -> list[tuple[Consent, Row]]:
    """The consent events of all versions of one resource id, oldest first; the newest speaks."""
    for version in versions:
        require_known(version)
    newest, earlier = versions[-1], versions[:-1]
    if any(same_version(newest, other) and other.resource != newest.resource for other in earlier):
        return [
            (v, _row(v, s, terms, _state(s, v.status)))
            for v in versions
            for s in _unsure(said(v, terms))
        ]
    if newest.status in ENDED:
        return _ended(newest, earlier, terms)
    if newest.status in SILENT:
        return []
    return [row for s in said(newest, terms) for row in _events(newest, s, terms)]


def _events(consent: Consent, one: Said, terms: Terms) -> list[tuple[Consent, Row]]:
    if one.kind == "permit" and consent.status == "active":
        return [
            (consent, {**_row(consent, one, terms, "given"), **_granted(terms, category)})
            for category in terms.categories
        ]
    return [(consent, _row(consent, one, terms, _state(one, consent.status)))]


def _state(one: Said, status: str) -> str:
    if status not in ("active", "rejected", *ENDED):
        return UNSURE
    return UNSURE if one.kind == UNSURE else "refused"


def _unsure(found: Sequence[Said]) -> list[Said]:
    """Where versions cannot be told apart: denials stand, a permit is unsure."""
    return [
        Said("deny" if s.kind == "deny" else UNSURE, s.purpose, s.starts, s.until) for s in found
    ]


def _ended(newest: Consent, earlier: Sequence[Consent], terms: Terms) -> list[tuple[Consent, Row]]:
    """No longer active: what earlier versions granted is withdrawn, and denials stand."""
    found: list[tuple[Consent, Row]] = []
    ended_at = newest.meta("lastUpdated") or _date(newest.resource)
    for version in (*earlier, newest):
        for one in said(version, terms):
            if one.kind != "permit":
                found.append((version, _row(version, one, terms, _state(one, "active"))))
            elif version.status == "active":
                for given in _events(version, one, terms):
                    until = later(ended_at, one.starts, terms.zone)
                    end = {
                        "state": "withdrawn",
                        "effective_at": until,
                        "recorded_at": _recorded(newest, terms),
                    }
                    found += [given, (newest, {**given[1], **end})]
    return found


def _granted(terms: Terms, category: str) -> Row:
    return {
        "category": category,
        "channel": str(terms.grants.get("channel", "")),
        "topic": str(terms.grants.get("topic", "")),
        "notice_version": str(terms.grants.get("notice_version", "")),
    }


def _row(consent: Consent, one: Said, terms: Terms, state: str) -> Row:
    return {
        "event_id": f"{consent.resource.get('id', '')}/{consent.meta('versionId')}",
        "patient_id": patient_of(consent.resource),
        "purpose": one.purpose, "channel": "*", "topic": "*", "category": "*", "state": state,
        "effective_at": one.starts, "recorded_at": _recorded(consent, terms), "confirmed_at": "",
        "valid_until": one.until,
        "method": "paper", "expressed_by": _expressed_by(consent.resource), "notice_version": "",
        "evidence": evidence(consent.resource), "source": "fhir",
    }  # fmt: skip


def _recorded(consent: Consent, terms: Terms) -> str:
    return consent.meta("lastUpdated") or terms.now.isoformat()


# -- fields ----------------------------------------------------------------------------------------


def patient_of(resource: Resource) -> str:
    """The id in `patient` (R4) or `subject` (R5); empty where it names no Patient."""
    return reference_id(resource.get("patient", resource.get("subject")))


def reference_id(reference: object) -> str:
    """The id of a Patient that a reference names: relative, absolute, versioned, or a urn."""
    text = reference.get("reference") if isinstance(reference, dict) else None
    if not isinstance(text, str) or text.startswith("#"):
        return ""
    bare, _, _ = text.partition("/_history/")
    before, slash, own = bare.rstrip("/").rpartition("/")
    if not slash or before.split("/")[-1] != "Patient":
        return ""
    return own


def evidence(resource: Resource) -> str:
    """The proof: the source's reference, url or hash, else a verification that was made."""
    for name in ("sourceReference", "sourceAttachment"):
        given = resource.get(name)
        for one in given if isinstance(given, list) else [given]:
            if isinstance(one, dict):
                found = one.get("reference") or one.get("url") or one.get("hash")
                if isinstance(found, str) and found.strip():
                    return found
    checks = resource.get("verification")
    for check in checks if isinstance(checks, list) else []:
        if isinstance(check, dict) and check.get("verified") is True:
            return "verification"
    return ""


def _expressed_by(resource: Resource) -> str:
    given = resource.get("performer", resource.get("grantor"))
    people = given if isinstance(given, list) else [] if given is None else [given]
    own = patient_of(resource)
    return (
        "self"
        if all(own and reference_id(person) == own for person in people)
        else "representative"
    )


def codes(codings: object) -> list[str]:
    """The codes of a list of codings (or of codeable concepts)."""
    found = []
    for one in codings if isinstance(codings, list) else [codings]:
        if isinstance(one, dict):
            found += [str(one["code"])] if "code" in one else concept_codes(one)
    return found


def concept_codes(concept: object) -> list[str]:
    """The codes of a codeable concept, or of a list of them."""
    found = []
    for one in concept if isinstance(concept, list) else [concept]:
        if isinstance(one, dict) and isinstance(one.get("coding"), list):
            found += [str(c["code"]) for c in one["coding"] if isinstance(c, dict) and "code" in c]
    return found


def _date(resource: Resource) -> str:
    moment = resource.get("dateTime")
    day = resource.get("date")
    return str(moment or day or "")


def _period(part: Resource) -> dict[str, str]:
    period = part.get("period")
    return (
        {name: str(period[name]) for name in ("start", "end") if period.get(name)}
        if isinstance(period, dict)
        else {}
    )


def same_version(one: Consent, other: Consent) -> bool:
    """Whether nothing tells two versions of a resource apart."""
    return (one.meta("versionId"), one.meta("lastUpdated")) == (
        other.meta("versionId"),
        other.meta("lastUpdated"),
    )
