"""Course exercises: what is done differently for them, and how they are checked."""
