"""`llmproc show`: say what is in a model file or folder, and what it needs to run.

options.py   the command line      facts.py     a model that opens, as facts      unrunnable.py   one that does not
lines.py     facts as lines        app.py       which of these, and the output
"""
