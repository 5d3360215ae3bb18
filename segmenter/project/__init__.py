"""What a person writes: policy.yml, sources.yml, segments/*.yml, read into frozen values.

Every problem of every file is told at once.

folder        a project folder -> Project
check, init, schema   commands that need no data
document      YAML with line numbers
shapes        what may stand in it, with shaping (pydantic stays here)
policy_file   policy.yml -> Policy                      sources_file          sources.yml -> declared.Sources
segment       segments/*.yml -> Segment -> Resolved     condition             the grammar of `where`
"""
