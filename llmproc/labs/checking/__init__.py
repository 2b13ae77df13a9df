"""Checking a program from outside: what every lab's checks stand on.

program.py      starts the program behind pipes, talks to it, waits with a deadline, and ends all of it
descendants.py  watches every process below ours in /proc, orphans too
transcript.py   everything one run showed, as data
report.py       what a check found, and the report: text or JSON
"""
