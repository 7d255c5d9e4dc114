"""The builder that is always there: it needs no program, no service and no rights, and runs nothing.

It makes images of what a Dockerfile copies and says: FROM scratch, COPY, LABEL, ENV, ARG, CMD, ENTRYPOINT, EXPOSE, USER
and WORKDIR. Every other instruction is refused by its name, and one that it knows is refused where it would mean
something else than to Docker. `parsing` and `words` read the text, `context` the files, `stage` makes of them what
`layers` writes down, and `builder` is what the bot talks to.
"""

from bot.images.builders.builtin.builder import Builtin

__all__ = ["Builtin"]
