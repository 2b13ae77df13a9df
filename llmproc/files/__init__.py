"""Files and standard streams: atomic replacement, bounded reading, folders of the user, each in one place."""
