"""Which patient ids are one human.

In come pairs of patients; out come groups, closed transitively (C13). Nothing is known here of
where pairs come from.
"""
