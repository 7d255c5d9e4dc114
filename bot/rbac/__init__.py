"""The rights that the bot asks of its clusters: what they are, and the Roles that grant exactly those."""
