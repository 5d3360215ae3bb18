"""The file for those who may be contacted, and what is taken out of it afterwards.

    layout      which columns may go to a destination
    columns     those columns as SQL expressions: normalised, neutralised, hashed for ad platforms
    payload     how a file is written: encrypted on the way, so that no plain text touches the disk
    members     who is in the kept cells, and the first reason against each
    funnel      those reasons counted, for a paid release
    order       what is exported, and what came of it
    commit      file, register, diff and manifest, made visible at once
    manifest    the signed description beside a file
    recall      who has to be taken out after an export
    removal     the rows of a removal file; removal_files writes them, one file a destination

In: a snapshot's tables, decisions, tables of people who are left out. Out: files and the journal's
entries about them. Nothing exact leaves but inside the payload (P17).
"""
