"""The prompt loop: `python -m llmproc.main [seed]`."""
