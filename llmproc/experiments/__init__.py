"""Controlled comparisons -> one JSON document each: plans, runs in turn, statistics. Pictures and tables are report's.

    samples.py         summaries, pairs, turns               intervals.py   how sure a ratio is
    compare_modes/     dispatch modes and numbers of workers against the honest sequential baseline

An experiment drives arms through a protocol of its own and knows nothing of processes; `apps` opens the real arms,
tests hand in ones on a fake clock. Never in it: a figure without its raw samples.
"""
