"""Dispatch modes compared: seq, sp, ws, lpt at several numbers of workers, in turn, against the sequential baseline.

    arm.py       what the thing that runs requests must do: Prompt in, ArmRun out    (the seam to real processes)
    plan.py      which settings, in which order, what warms up                      (pure)
    runner.py    runs the plan on an arm, checks every run                          -> samples
    figures.py   samples -> speedups, ideals, balance, where the workers' time went (pure)
    reasons.py   why a measured time is not the ideal one, in words                 (pure)
    result.py    the JSON document and its schema                                   (pure)
    comparison.py   one comparison from options to document
    service_arm.py  the arm on worker processes     remote_arm.py   with --url: connections to servers instead

The baseline is honest: every prompt is asked once, by one worker with as many threads as the others have, in the same
run. Table and picture are made from the document by `report.modes_table` and `report.modes_chart`.
"""
