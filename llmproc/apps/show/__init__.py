"""`llmproc show`: say what is in a model file or folder, and what it needs to run.

options.py   the command line      facts.py     a model that opens, as facts
lines.py     facts as lines        app.py       that, or what can be said of one that does not open
"""
