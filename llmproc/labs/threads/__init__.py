"""The threads exercise: what each thread of a worker cost."""
