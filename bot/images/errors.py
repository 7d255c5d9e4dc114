"""What can go wrong at a registry or a git server, named by what the caller should do.

    ImagesError
    ├── ReferenceInvalid       mend the configuration: the text names no image, or no source that may be used
    ├── TagMissing             offer `nearest`; the version was never pushed, or is misspelt
    ├── RegistryRefused        a person must act: credentials, rights, an answer that breaks the protocol
    │   └── RepositoryMissing  nothing was ever pushed under this name, or it is hidden from us
    ├── RegistryUnreachable    try again later
    ├── BuildFailed            a person must act: an instruction failed, or the Dockerfile can't be built
    ├── BuilderAway            nothing builds here, or its service gave no answer
    ├── RefMissing             offer `nearest`; git has no such tag, branch or commit
    ├── SourceRefused          a person must act: credentials, rights, address
    └── SourceUnreachable      try again later

Every message is a whole sentence for people, without credentials and on one line. aiohttp's and git's own
errors end here.
"""

from __future__ import annotations


class ImagesError(Exception):
    """Something about an image or its source could not be found out."""


class ReferenceInvalid(ImagesError):
    """The text is no image reference, or no git address that may be used."""


class TagMissing(ImagesError):
    """The registry has no such tag or digest; `nearest` is the likeliest one it has, if any is near."""

    def __init__(self, repository: str, tag: str, nearest: str | None) -> None:
        hint = f" The nearest one is {nearest}." if nearest else ""
        super().__init__(f"{repository} has no version {tag}.{hint}")
        self.repository = repository
        self.tag = tag
        self.nearest = nearest


class RegistryRefused(ImagesError):
    """The registry answered, but not with what was asked for; asking again changes nothing."""


class RepositoryMissing(RegistryRefused):
    """The registry knows no repository of that name."""


class RegistryUnreachable(ImagesError):
    """No usable answer for now: network, time-out, a failing or overloaded registry."""


class RefMissing(ImagesError):
    """The repository has no such tag, branch or commit; `nearest` is the likeliest name of one, if any is near."""

    def __init__(self, url: str, ref: str, nearest: str | None = None) -> None:
        hint = f" The nearest is {nearest}." if nearest else ""
        super().__init__(f"{url} has no tag, branch or commit {ref}.{hint}")
        self.url = url
        self.ref = ref
        self.nearest = nearest


class SourceRefused(ImagesError):
    """The git server refused: credentials, rights, no such repository, or a redirect."""


class SourceUnreachable(ImagesError):
    """The git server gave no answer for now: network, time-out."""


class BuildFailed(ImagesError):
    """The image can't be made: `instruction` is the one that failed ("" where none did), `advice` how to mend it."""

    def __init__(self, words: str, *, instruction: str = "", advice: str = "") -> None:
        super().__init__(words)
        self.instruction = instruction
        self.advice = advice


class BuilderAway(ImagesError):
    """No builder is there, or it gave no answer: nothing was built."""
