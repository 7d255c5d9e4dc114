"""Versions of images and their source: what a registry holds, what git says about it, which version is newer.

Knows nothing of Telegram, Helm or clusters. Building images is left to `bot.images.builders`.
"""
