"""The project's private folder: keys, snapshots, private files."""
