"""Erasure: take one person out of everything, prove it, and keep nothing longer than it may be kept (S8)."""
