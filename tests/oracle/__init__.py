"""A slow, plain reading of the documents in Python, that shares nothing with the program: what
every result is compared with.

`times` reads dates, `consent` decides about people, `condition` reads `where`, `addresses` and
`lists` read identifiers and opt-outs, `project` reads a project folder and says who is in an
export. The standard library, ruamel.yaml and phonenumbers only. One loop a question; no cleverness:
where two readings are possible it takes the one that protects the patient, and says so.
"""
