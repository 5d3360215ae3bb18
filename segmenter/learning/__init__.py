"""Released numbers become proposals of segments (P18)."""
