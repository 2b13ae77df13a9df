"""The course's exercise about processes: its template, its turns, what it prints. `--course` passes it to the verbs."""
