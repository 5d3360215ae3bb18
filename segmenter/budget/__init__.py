"""What may be spent of anyone's privacy, and what has been (P2 to P5, P13).

accounting          amounts, and what spends cost together
loss_distribution   the exact total of many spends
period              calendar periods
balance             one budget in one period, as it is shown
book                what one budget paid in one period
ledger              spending and looking, over the journal
"""
