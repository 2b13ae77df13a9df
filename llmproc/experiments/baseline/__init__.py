"""What one request after another takes: the figures that others are compared with.

plan.py   arms: lengths of prompts and answers; a service of its own for each round
"""
