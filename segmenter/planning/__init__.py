"""Segments become a workload: what to measure, what it costs, which error to expect (P14)."""
