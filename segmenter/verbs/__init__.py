"""The verbs of a session, one family a file: each runs the stages in their order and leaves its line on the trail.

    ingest.py    ingest                          sources -> snapshot -> state
    publish.py   plan, run, budget               segments -> plan -> spend -> cube -> release
    deliver.py   export, recall, suppress        kept cells -> members -> file -> register
    answer.py    why, receipt, subject, forget   one person, for the officer
    ask.py       query, notice, forecast         aggregate questions, paid for
"""
