"""An image registry on a port of this machine: the OCI distribution API, for pulls and pushes of real content.

A library of its own, for tests, for the sandbox's world and for trying a configuration without a registry. It knows
nothing of the bot; of what is around it, it takes the clock alone (`bot.clock`), so that a test can move time. Images
are pushed by any client, or made by `RegistryServer.add`: the same arguments give the same bytes and so the same
digests on every run. Those hold one layer with one file, so that they can be pulled and unpacked, not run.

What it covers
    API         /v2/, /v2/_catalog, /v2/NAME/tags/list, /v2/NAME/manifests/TAG or DIGEST, /v2/NAME/blobs/DIGEST, by
                GET and HEAD, /v2/NAME/referrers/DIGEST, with the specification's errors (NAME_UNKNOWN,
                MANIFEST_UNKNOWN, BLOB_UNKNOWN, PAGINATION_NUMBER_INVALID, UNAUTHORIZED, UNSUPPORTED).
    Pushes      blobs in one request, in two, in chunks or as a stream, mounted from another repository, cancelled;
                sha256 and sha512. Manifests and indexes by tag or digest, OCI's and Docker's second schema, once all
                that they name is there, in the size that they say. What a client must not do is refused: another
                digest, a chunk out of order, a Location without its query, a blob above `largest_blob`
                (DIGEST_INVALID, BLOB_UPLOAD_UNKNOWN, BLOB_UPLOAD_INVALID, SIZE_INVALID, NAME_INVALID,
                MANIFEST_INVALID, MANIFEST_BLOB_UNKNOWN). Pushed blobs are files in a temporary folder, which goes
                when the context closes; an upload that nobody went on with for an hour is forgotten.
    Pages       n and last, followed by a Link; 100 entries a page, or as many as `page` says, so that clients which
                follow no links are caught.
    Content     `add` makes image manifests, and indexes for two architectures (`index=True`); config with `created`
                and labels. Docker-Content-Digest and ETag; of pushed blobs also ranges. A manifest of a type that the
                client does not accept is not found.
    Access      open to all, or by name and password (`BasicAccess`), or by a token per scope from /token
                (`BearerAccess`), which can give anyone one that only pulls, and lets them run out.
    Names       `tags`, `has` and `tags_of` say what a node could pull by an image reference, also under other names
                of this registry (`aliases`).
    Trouble     `down` breaks every connection for a while, also in the middle of an upload, which can go on later;
                `refuse` answers with a status and Retry-After.

What it does not
    Deleting content over HTTP (405 UNSUPPORTED): tags are taken away by `remove`. No ranges of what `add` made, no
    pages of referrers, no Docker schema 1, no TLS. `add_sample_images` puts the images of the sandbox's
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
