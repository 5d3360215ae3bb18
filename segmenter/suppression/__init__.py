"""Who may not be contacted: suppression lists, preferences, caps, quiet hours (S1 to S7)."""
