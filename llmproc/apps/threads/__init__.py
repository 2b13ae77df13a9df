"""`llmproc threads`: the threads exercise. One run with n ranks, and what every thread of the worker cost.

app.py       the order of things          options.py    the command line
clocks.py    CPU time per thread from /proc, and how it is printed
"""
