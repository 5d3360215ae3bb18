"""segmenter: marketing segments from consenting patients only, with counts that are safe to publish."""
