"""What is remembered about people: who must not be contacted, and who is in which file.

People stand here as keyed hashes and numbers only, never by name or address. The journal says what
was done; the larger lists lie beside it as encrypted files.

    entries    an entry of the suppression list, and the table of many
    exports    one export or recall, as the journal has it
    registry   the register files, and the lock under which they change
"""
