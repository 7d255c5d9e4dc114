"""An image registry on a port of this machine: the reading side of the OCI distribution API over real content.

A library of its own, for tests, for the sandbox's world and for trying a configuration without a registry. It knows
nothing of the bot; of what is around it, it takes the clock alone (`bot.clock`), so that a test can move time. Images
are made as they are added, by `RegistryServer.add`: the same arguments give the same bytes and so the same digests on
every run. They hold one layer with one file, so that they can be pulled and unpacked, not run.

What it covers
    API         /v2/, /v2/_catalog, /v2/NAME/tags/list, /v2/NAME/manifests/TAG or DIGEST, /v2/NAME/blobs/DIGEST, by
                GET and HEAD, with the specification's errors (NAME_UNKNOWN, MANIFEST_UNKNOWN, BLOB_UNKNOWN,
                PAGINATION_NUMBER_INVALID, UNAUTHORIZED, UNSUPPORTED).
    Pages       n and last, followed by a Link; 100 entries a page, or as many as `page` says, so that clients which
                follow no links are caught.
    Content     image manifests, and indexes for two architectures (`index=True`); config with `created` and labels;
                Docker-Content-Digest and ETag. A manifest of a type that the client does not accept is not found.
    Access      open to all, or by name and password (`BasicAccess`), or by a token per scope from /token
                (`BearerAccess`), which can give anyone one and lets them run out.
    Names       `tags`, `has` and `tags_of` say what a node could pull by an image reference, also under other names
                of this registry (`aliases`).
    Trouble     `down` breaks every connection for a while, `refuse` answers with a status and Retry-After.

What it does not
    Pushing and deleting over HTTP (405 UNSUPPORTED): content is added and removed by `add`, `tag` and `remove`. No
    referrers, no ranges, no Docker schemas of before OCI, no TLS. `add_sample_images` puts the images of the sandbox's
    sample world in; nothing else knows of them.

In a pytest fixture::

    import aiohttp
    import pytest

    from bot.sandbox.registry import RegistryServer


    @pytest.fixture
    async def registry():
        async with RegistryServer() as server:
            server.add("shop", "v1.2", labels={"org.opencontainers.image.revision": "4f0c"})
            yield server


    async def test_a_tag_has_a_digest(registry):
        async with aiohttp.ClientSession(registry.url) as http:
            async with http.head("/v2/shop/manifests/v1.2") as answer:
                digest = answer.headers["Docker-Content-Digest"]
            async with http.get("/v2/shop/tags/list") as answer:
                assert (await answer.json())["tags"] == ["v1.2"]

        assert registry.tags_of(f"{registry.host}/shop@{digest}") == ["v1.2"]
"""

from bot.sandbox.registry.access import BasicAccess, BearerAccess
from bot.sandbox.registry.samples import add_sample_images
from bot.sandbox.registry.server import RegistryServer

__all__ = ["BasicAccess", "BearerAccess", "RegistryServer", "add_sample_images"]
