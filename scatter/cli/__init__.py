"""The ``scatter`` command: thin wrappers that load their work when they are called."""
