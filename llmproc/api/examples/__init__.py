"""Patterns of use, each a short program that runs: python -m llmproc.api.examples.<name>. Tests run them all."""
