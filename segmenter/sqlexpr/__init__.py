"""Columns and expressions that fill the holes of relations."""
