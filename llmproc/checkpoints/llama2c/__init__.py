"""llama2.c's formats: version 2 (int8), version 1 and legacy (float32)."""
