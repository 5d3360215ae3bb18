"""The stage that publishes: count what was paid for, add noise, store the answer (P1 to P14).

cube      eligible people and a spend -> exact counts of every declared cell; confidential
publish   exact counts and their spends -> releases, histograms
answers   stored answers, free when asked again

What comes out, `segmenter.published`, is the only thing that anyone outside may see.
"""
