"""Anything that people, clusters, clocks and crashes may do, in any order, and what must hold all the same.

A state machine drives the real bot through its chat alone, beside the embedded Telegram, cluster and registry.
`machine` has what may happen, `knowledge` what is known of it beside the bot, `promises` what must be true of both,
`lives` the bot that dies and comes back. `python -m tests.invariants` (`make invariants`) goes on with ever new
examples; the tests try the same few each time. What is found becomes a plain test near the code at fault.
"""
