"""What is removed for good: a person with a proof that nothing is left, and what was kept too long.

tombstones   the keyed hashes that stay, so that no import brings the person back (S8)
rewrite      files of the project are written anew without somebody
erase        an erasure from its first step to its proof
prove        every private file is searched for what was erased
retain       the policy's limits on how long things are kept
"""
