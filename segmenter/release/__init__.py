"""Published counts (rules P1 to P14): plan, pay, count, add noise, withhold, keep.

family    which segments share a population             planner    what to measure, what it costs, which error (strategy, marginals)
ledger    budgets and spends, over the journal          cube       Eligible, Spend -> exact counts, confidential
publish   Cube, Spend -> Release                        shelf      stored answers, free when asked again
segment_count   what a run says of a segment            extra      tables beside the segments
report    JSON, CSV and a page to hand out              budget_lock   costs, committed for review
"""
