"""The server's side of git-lfs, as hosts have it beside their repositories: the Batch API and plain downloads.

https://github.com/git-lfs/git-lfs/blob/main/docs/api/batch.md
"""

from pathlib import Path

from aiohttp import web

BATCH = "/info/lfs/objects/batch"
OBJECTS = "/lfs-objects/"


async def answer_batch(request: web.Request, url: str) -> web.Response:
    """Where each object that is asked for is downloaded from: below `url`, with what opens this request."""
    wanted = await request.json()
    repository = request.path.removesuffix(BATCH).removesuffix(".git")
    objects = [
        {**each, "actions": {"download": {"href": f"{url}{repository}{OBJECTS}{each['oid']}"}}}
        for each in wanted["objects"]
    ]
    answer = {"transfer": "basic", "objects": objects}
    return web.json_response(answer, content_type="application/vnd.git-lfs+json")


def answer_object(request: web.Request, root: Path) -> web.Response:
    """The object's bytes, from what the repository's own git-lfs has stored."""
    repository, _, oid = request.path.partition(OBJECTS)
    stored = root / repository.strip("/") / ".git" / "lfs" / "objects" / oid[:2] / oid[2:4] / oid
    if not stored.exists():
        return web.Response(status=404)
    return web.Response(body=stored.read_bytes(), content_type="application/octet-stream")
