"""`llmproc lab`: course exercises. `list` shows them, `start` copies one, `check` tests a program from outside.

options.py   the command line      app.py   what each does, and the exit code
"""
