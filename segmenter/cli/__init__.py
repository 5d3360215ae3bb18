"""The command line: one file a command.

Each parses, calls the session, prints; nothing is decided here.

app          all commands together             main      the process: exit statuses, errors, Ctrl-C
options      options that commands share       output    one call, and how its answer is printed
completion   names for the Tab key             examples  what `--help` shows at its end
"""
