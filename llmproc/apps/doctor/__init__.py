"""`llmproc doctor`: whether llmproc can run on this machine, and whether every mode gives the same ids (--exact).

app.py       the report                              check.py     one line of it, made safely
machine.py   processor, memory, kernel               software.py  packages, kernel cache, files
rights.py    what may be scheduled how               options.py   the command line
exact.py     modes of the engine, comparison         replay.py    the child that runs them
exactness.py the output of --exact                   prompts.py   its prompts
"""
