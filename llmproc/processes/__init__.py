"""Operating system only: frames, channels, the fork server and the supervisor. Knows nothing of language models."""
