"""A project tried out without real data: committed costs, coverage of its segments, privacy of what it publishes."""
