"""`llmproc doctor`: what llmproc finds on this machine, and whether every mode gives the same bytes (--exact).

app.py       the command line, what is printed       check.py     one line of the report
machine.py   processor, memory, kernel               software.py  packages, kernel cache, files
rights.py    what may be scheduled how
exact.py     settings, comparison, table             replay.py    the child that runs them
prompts.py   the prompts of --exact
"""
