"""The SQL door for analysts (P15): a text is parsed, checked and rebuilt; it never reaches the engine.

ask        text -> Question (door, naming, predicate, wording)      price     what it costs, and how the cost is shared out
tally      Question, Eligible -> exact numbers, bounded (P9)        answer    noise, thresholds (quantile); archive keeps it
discover   a release, or a private model -> proposals of segments
"""
