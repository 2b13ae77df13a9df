"""Chat templates: messages to ids."""
