"""The verbs of a session, one family a file: each runs the stages in their order and leaves its line on the trail.

ingest.py     ingest                              sources -> snapshot -> decisions
publish.py    plan, run, report                   segments -> plan -> spend -> cube -> release
books.py      budget                              what is spent, what is left
ask.py        query                               SQL -> question -> spend -> answer
ahead.py      forecast, notice                    how consent ages
learn.py      discover                            release -> proposals
deliver.py    export                              kept cells -> members -> file -> register
take_back.py  recall, exposed, verify, retain     what happens to a file after it left
suppress.py   suppress ...                        the list of who must not be contacted
answer.py     why, receipt, subject, forget       one person, for the officer
look.py       quarantine, trail                   tables that an officer opens
decided.py    an engine on a snapshot and its decisions, for all of them
"""
