"""A project tried out without real data.

Committed costs, coverage of its segments, privacy of what it publishes.
"""
