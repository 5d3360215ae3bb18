"""Private files and keys.

keys       the project's key, and what is derived from it
files      files for their owner alone, complete on disk or not there
traces     whether a project was used in a folder before
"""
