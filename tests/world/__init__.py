"""Small worlds for tests: policies, people with one story each, and snapshots made of them without
files.
"""
