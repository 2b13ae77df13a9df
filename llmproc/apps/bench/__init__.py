"""`llmproc bench`: app.py runs it, options.py is the command line, table.py and rows.py show a result.

What is measured, and how, is in `experiments.bench`.
"""
