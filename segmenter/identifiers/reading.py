"""One identifier of any kind, read."""

from __future__ import annotations

from dataclasses import replace

from segmenter.identifiers.email import coarser, first_domain, first_email
from segmenter.identifiers.form import Normal
from segmenter.identifiers.phone import first_phone
from segmenter.identifiers.postal import first_patient_id, first_postal


def normal_forms(kind: str, value: str, region: str) -> tuple[Normal, ...]:
    """Every form that a suppression entry could name this identifier by, the first profile first.

    None where nothing is left of it.

    >>> [(n.kind, n.profile, n.text) for n in normal_forms("email", "J.Doe+x@GMail.com", "FR")]
    [('email', 1, 'j.doe+x@gmail.com'), ('email', 2, 'jdoe@gmail.com'), ('domain', 1, 'gmail.com')]
    """
    first = first_form(kind, value, region)
    if first is None:
        return ()
    return (first, *coarser(first)) if kind == "email" else (first,)


def entry_form(kind: str, value: str, region: str) -> Normal | None:
    """The form that an entry of a suppression list keeps: the coarsest one, which every finer one implies.

    Its validity is the first form's.

    >>> entry_form("phone", "06 12 34 56 78", "FR").text
    '+33612345678'
    """
    own = [form for form in normal_forms(kind, value, region) if form.kind == kind]
    return replace(own[-1], valid=own[0].valid) if own else None


def first_form(kind: str, value: str, region: str) -> Normal | None:
    """The first profile of an identifier (a phone number that is not possible: digits only, profile 2), or None where it is empty."""
    if kind == "email":
        return first_email(value)
    if kind == "domain":
        return first_domain(value)
    if kind == "phone":
        return first_phone(value, region)
    if kind == "postal":
        return first_postal(value)
    return first_patient_id(value)
