"""Consent: who may be used, for what, as of when (rules C1 to C15). Decided in SQL over sets, kept as bit masks.

scopes    policy -> where each question's bit lies      standing   snapshot -> decisions of everyone, kept in a state file
gate      state, request -> Eligible                    why        one person -> every rule that speaks, and its events
outlook   who lapses when, who holds an old notice      history    what one person said, and what of it still speaks
receipt   what one person agreed to
"""
