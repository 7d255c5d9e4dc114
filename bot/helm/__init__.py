"""Helm, by its own Go SDK in worker processes that may die without harm.

`client.Helm` is what the rest of the bot calls; `charts.ChartStore` fetches what it renders and installs.
Nothing is imported here, since a worker (`python -m bot.helm.worker`) passes through this file as it starts.
"""
