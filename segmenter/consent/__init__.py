"""Consent: who may be used, for what, as of when (rules C1 to C15).

scopes.py        policy -> the place of each question: one bit of a few words
scope_tables.py  the same as lookup tables, which the relations of `sql/consent/` join
decide.py        snapshot, clocks -> everyone's decisions
follow.py        the same from the state before, for those whom something concerns
state.py         decisions in a file, and at other clocks
gate.py          request -> `Eligible`, the only way to patients for a count or an export
history.py       what one human said, and what of it speaks
explain.py       one person -> every rule that speaks, and the events behind it
receipt.py       what one person agreed to
ageing.py        who lapses when, who holds an old notice
reasons.py       the reasons, their order (C15) and their sentences
masks.py         expressions over the mask words
"""
