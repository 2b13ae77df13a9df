"""`llmproc synth`: write a checkpoint of a real model's shape with random weights."""
