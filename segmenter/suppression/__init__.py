"""Who may not be contacted now (S1 to S8).

    suppression_list   which entries stand, whom they name, how fresh the lists are
    changes            an opt-out is added, an officer lifts one
    imports            entries of a file are added to the imported lists
    summary            the list by reason and source; its hashes for a processor
    unsubscribe        a link's token leads back to the person it was made for
    preference         what patients asked for, and caps on how often they are contacted
    quiet_hours        when a channel may be used at all

In: the tables of a snapshot, the journal, imported files. Out: tables of patients who are left out.
Each step only takes people out of an export, never in.
"""
