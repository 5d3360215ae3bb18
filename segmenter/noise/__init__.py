"""Integer noise: mechanisms, how it is drawn, how far it reaches (P10, P11)."""
