"""Bots in three client libraries that we did not write; each runs as a process in an environment of its own."""
