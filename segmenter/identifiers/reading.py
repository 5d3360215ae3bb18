"""One identifier of any kind, read."""

from __future__ import annotations

from segmenter.identifiers.domain import covering, read_domain
from segmenter.identifiers.email import read_email
from segmenter.identifiers.form import EARLIER, OTHER, IdentifierReading, Normal
from segmenter.identifiers.phone import read_phone
from segmenter.identifiers.postal import read_patient_id, read_postal


def read(kind: str, value: str, region: str) -> IdentifierReading:
    """Every form of an identifier, the written one first; none if nothing is left of it (S3).

    `region` is the default region of phone numbers.
    """
    if kind == "email":
        return read_email(value)
    if kind == "domain":
        return read_domain(value)
    if kind == "phone":
        return read_phone(value, region)
    if kind == "postal":
        return read_postal(value)
    return read_patient_id(value)


def normal_forms(kind: str, value: str, region: str) -> tuple[Normal, ...]:
    """Every form that an entry could name a patient's identifier by, an address's domains too.

    >>> [(n.kind, n.profile, n.text) for n in normal_forms("email", "J.Doe+x@GMail.com", "FR")]
    [('email', 1, 'j.doe+x@gmail.com'), ('email', 2, 'jdoe@gmail.com'), ('domain', 2, 'gmail.com')]
    """
    forms = read(kind, value, region).forms
    return (*forms, *domain_forms(forms))


def domain_forms(forms: tuple[Normal, ...]) -> tuple[Normal, ...]:
    """The domains of an address's forms, and the names that cover them; none of other kinds."""
    domains: dict[str, None] = {}
    for form in forms:
        _, _, domain = form.text.rpartition("@")
        if form.kind == "email" and form.profile < EARLIER and domain != form.text:
            domains[domain] = None
    names: dict[str, None] = {}
    for domain in filter(None, domains):
        names |= dict.fromkeys((domain, *covering(domain)))
    return tuple(
        Normal(
            kind="domain",
            profile=OTHER,
            text=name,
        )
        for name in names
    )


def entry_forms(kind: str, value: str, region: str) -> tuple[Normal, ...]:
    """The forms that entries of a suppression list keep: one for each mailbox or number named.

    None if the value can name nobody: an entry of it would match nobody.

    >>> [form.text for form in entry_forms("email", "jane news@example.org", "FR")]
    ['janenews@example.org', 'jane+news@example.org']
    """
    forms = read(kind, value, region).forms
    return tuple(form for form in forms if form.kept)
