"""`llmproc experiment <name>`: measure one thing in the frame that all experiments share.

app.py          the order of things             registry.py    names, other spellings, where each one is
options.py      the options of all of them     lists.py       lists separated by commas or spaces
listing.py      `list` and `compare`            <name>.py      the options of one, and its plan
"""
