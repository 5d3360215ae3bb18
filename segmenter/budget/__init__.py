"""What was paid and what may still be paid: accounting, ledger (P2 to P5, P13)."""
