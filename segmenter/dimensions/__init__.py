"""What a patient is in, on any day: every declared dimension as a small number.

codes.py      expressions: a value becomes its code, several codes become the number of a cell
profile.py    the code of each patient in every dimension that has one value a patient
reduced.py    facts that ingest reduced to one row a patient and combination of dimensions
partition.py  several segments counted together, over groups of cells

Nothing here is published or decides about consent. `planning`, `release` and `query` count what is
coded here; `consent` keeps the profile beside its decisions.
"""
