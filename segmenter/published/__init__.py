"""What has been published: the only numbers that anyone outside may see (P1). Frozen, free to read.

release          a table of noisy counts, and what of it may be shown
segment_count    what a release says of one segment
histogram        noisy counts of declared, disjoint labels
noisy_count      one number and its interval
cell_intervals   the intervals of a table's cells
cell_frame       cells as a polars frame

They are made by the stage `release` and read from the store of answers; stages above plan with
them, read segments off them, and show them.
"""
