"""The program beside plain DuckDB SQL, and beside what people would use instead.

Run it with `python -m benchmarks --size 1m`.

world.py      a project folder at a size, made by sets
plain.py      each work as plain SQL, with neither consent nor privacy unless the work says so
decisions.py  the decisions alone
ours.py       each work through the program's Python door
peers/        each work through another library, where it is installed
one.py        one work, one side, once, in a fresh process
page.py       the table and the chart of docs/benchmarks.md
"""
