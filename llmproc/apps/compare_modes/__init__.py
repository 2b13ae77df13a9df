"""`llmproc compare-modes`: the same prompts in every dispatch mode, in real processes, and what that says.

app.py       the order of things            options.py   the command line
prompts.py   workloads and users' files     arm.py       real workers, for `experiments.compare_modes`
"""
