"""The embedded Telegram towards client libraries that we did not write."""
