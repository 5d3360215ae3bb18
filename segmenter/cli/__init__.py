"""The commands, by what they are about. Each parses, calls the session, prints; nothing is decided here."""
