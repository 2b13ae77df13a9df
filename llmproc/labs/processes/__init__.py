"""The lab about processes: a prompt loop and its inference process. Its task is in `task/`, the student's own files.

lab.py        the row of the table: checks, points, the order of the runs
runs.py       what is done with the program: prompts, signals, kills
reference.py  the same prompts, answered by `llmproc.main --course`
judges.py     what each run showed -> pass or fail, and why; starts nothing
windows.py    whether cpu% agrees with the ticks, for judges
"""
