"""What a person writes: policy.yml, sources.yml, segments/*.yml, read into frozen values, every problem of every file at once.

folder        a project folder -> Project               check, init, schema   its verbs that need no data
document      YAML with line numbers                    shapes, shaping       what may stand in it (pydantic stays here)
policy_file   policy.yml -> Policy                      sources_file          sources.yml -> declared.Sources
segment       segments/*.yml -> Segment -> Resolved     condition             the grammar of `where`
"""
