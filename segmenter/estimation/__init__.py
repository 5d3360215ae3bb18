"""Many noisy tables, one consistent answer: least squares over what was measured (P12, P14)."""
