"""The control database: one hash-chained journal, its high-water marks, its recovery (P3, P4)."""
