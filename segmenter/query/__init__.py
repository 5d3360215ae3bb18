"""Questions in SQL (P15): a text is parsed, checked and rebuilt; it never reaches the engine.

ask        text -> Question; with door, naming, predicate and wording
price      what a question costs, and how its epsilon is shared out
tally      Question, Eligible -> exact numbers, bounded per human (P9); with bound
answer     exact numbers -> noised answer; with quantile
answers    stored answers, free when asked again (P6)
outcome    columns, HAVING, ORDER BY and LIMIT over noised numbers
"""
