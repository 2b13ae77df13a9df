"""`llmproc bench`: app.py runs it, options.py is the command line, table.py and rows.py show a result.

`llmproc bench serve`, the load generator for servers, is serve_app.py, serve_options.py and serve_table.py. What is
measured, and how, is in `experiments.bench` and `experiments.serve_load`.
"""
