"""What a person writes, read into frozen values: policy.yml, sources.yml, segments/*.yml.

Every problem of every file is told at once.

folder          a project folder -> Project
document        YAML with line numbers
shapes          what may stand in policy.yml and segments; source_shapes: in sources.yml (pydantic)
shaping         a document into a shape
policy_file     policy.yml -> Policy
sources_file    sources.yml -> Sources; agreement: what must hold between sources and policy
segment         segments/*.yml -> Segment -> Resolved
condition       the tree of a `where`; grammar: its text; order: order tests as labels
check, init, schema   commands that need no data
"""
