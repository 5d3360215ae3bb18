"""Who may not be contacted, the file for those who may, and what happens to it afterwards (suppression-and-export rules S1 to S8).

suppression   entries that stand, imports, lifts         preference   preferences, caps, quiet hours
make          kept cells -> members -> checked -> file    destination  what may go there, and how it is written
register      who is in which export                      manifest     signed, beside the file
recall        who has to leave a file again (removal)     unsubscribe  a link's token: whom it was made for
breach        a leaked file: the notice to the authority
erase         one person out of everything, with a proof  subject      all that is held of one person; retain applies the limits
"""
