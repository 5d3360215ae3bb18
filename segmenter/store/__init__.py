"""The project's snapshots, and what binds every private file to the journal.

snapshots  the snapshot in use, and the engine that reads it
bound      the hash of each private file, as the journal has it
"""
