"""The page is on loopback, where every web site can reach it through a visitor's browser: it answers its own alone."""

from __future__ import annotations

import aiohttp
import pytest
from yarl import URL

from bot.sandbox.servers import TOKEN
from tests.page.sites import DANA, Site

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8080", "127.0.0.1.evil.example", "", "[::2]:1"]
)
async def test_another_name_for_this_machine_is_refused(site: Site, host: str) -> None:
    async with site.http.get(f"{site.page.url}/api/world?as=dana", headers={"Host": host}) as response:
        assert response.status == 421
        assert "chats" not in await response.json()


@pytest.mark.parametrize("host", ["localhost:8080", "127.0.0.1", "LOCALHOST", "[::1]:8080"])
async def test_loopback_is_known_by_its_names_at_any_port(site: Site, host: str) -> None:
    async with site.http.get(f"{site.page.url}/api/world?as=dana", headers={"Host": host}) as response:
        assert response.status == 200


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1", "http://localhost"])
async def test_what_another_site_posts_is_refused(site: Site, origin: str) -> None:
    body = {"as": "dana", "chat": DANA, "topic": None, "text": f"from {origin}"}
    async with site.http.post(f"{site.page.url}/api/say", json=body, headers={"Origin": origin}) as response:
        assert response.status == 403
    assert f"from {origin}" not in [each["text"] for each in (await site.chat(DANA))["messages"]]


async def test_no_route_is_open_to_another_name_or_site(site: Site) -> None:
    routes = {(each.method, each.resource) for each in site.page._application().router.routes()}
    asked = {(method, str(each.canonical)) for method, each in routes if each is not None}
    assert len(asked) > 10
    for method, path in asked:
        url = f"{site.page.url}{path}?as=dana"
        async with site.http.request(method, url, json={}, headers={"Host": "evil.example"}) as response:
            assert response.status == 421, path
        if method not in ("GET", "HEAD"):
            async with site.http.request(
                method, url, json={"as": "dana"}, headers={"Origin": "null"}
            ) as response:
                assert response.status == 403, path


async def test_what_the_page_itself_posts_is_taken(site: Site) -> None:
    body = {"as": "dana", "chat": DANA, "topic": None, "text": "by myself"}
    headers = {"Origin": site.page.url}
    async with site.http.post(f"{site.page.url}/api/say", json=body, headers=headers) as response:
        assert response.status == 200


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
async def test_what_a_form_can_send_is_refused(site: Site, kind: str) -> None:
    body = b'{"as": "dana", "chat": 1002, "text": "by a form"}'
    headers = {"Content-Type": kind}
    async with site.http.post(f"{site.page.url}/api/say", data=body, headers=headers) as response:
        assert response.status == 415


@pytest.mark.parametrize(
    "path", ["/", "/static/main.js", "/api/world?as=dana", "/api/world?as=nobody", "/nowhere"]
)
async def test_every_answer_locks_the_page(site: Site, path: str) -> None:
    async with site.http.get(site.page.url + path) as response:
        policy = response.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
        assert "http" not in policy
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "path",
    [
        "/static/../server.py",
        "/static/%2e%2e/server.py",
        "/static/..%2fserver.py",
        "/static//etc/passwd",
        "/static/",
    ],
)
async def test_no_path_leads_out_of_the_pages_files(site: Site, path: str) -> None:
    async with site.http.get(URL(site.page.url + path, encoded=True)) as response:
        assert response.status in (403, 404)
        assert "Audience" not in await response.text()


async def test_it_listens_on_loopback_alone(site: Site) -> None:
    assert URL(site.page.url).host == "127.0.0.1"


async def _file(site: Site, name: str, content: bytes, kind: str) -> aiohttp.ClientResponse:
    """What the page's server gives for a document that the bot sent."""
    form = aiohttp.FormData({"chat_id": str(DANA)})
    form.add_field("document", content, filename=name, content_type=kind)
    url = f"{site.sandbox.servers.telegram.url}/bot{TOKEN}/sendDocument"
    async with site.http.post(url, data=form) as response:
        number = (await response.json())["result"]["message_id"]
    messages = (await site.chat(DANA))["messages"]
    href = next(each["document"]["href"] for each in messages if each["id"] == number)
    return await site.http.get(site.page.url + href)


async def test_a_text_is_shown_as_plain_text_whatever_it_is_called(site: Site) -> None:
    async with await _file(site, "a.html", b"<script>alert(1)</script>", "text/html") as response:
        assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
        assert response.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
        assert await response.text() == "<script>alert(1)</script>"


async def test_anything_else_is_for_saving_alone(site: Site) -> None:
    async with await _file(
        site, 'a"; filename=é.svg', b"\x00<svg onload=alert(1)>", "image/svg+xml"
    ) as response:
        assert response.headers["Content-Type"] == "application/octet-stream"
        assert response.headers["Content-Disposition"].startswith("attachment; ")


async def test_there_is_no_file_that_nobody_sent(site: Site) -> None:
    async with site.http.get(f"{site.page.url}/api/file/..%2f..%2fetc%2fpasswd") as response:
        assert response.status == 404


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{", b'{"as": 1}', b'{"as": "dana", "chat": "1002"}', b'{"as": "dana", "chat": true}'],
)
async def test_what_cannot_be_understood_is_refused_in_words(site: Site, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    async with site.http.post(f"{site.page.url}/api/say", data=body, headers=headers) as response:
        assert response.status == 400
        assert (await response.json())["error"]


async def test_a_body_without_end_is_refused(site: Site) -> None:
    body = {"as": "dana", "chat": DANA, "text": "x" * 100_000}
    async with site.http.post(f"{site.page.url}/api/say", json=body) as response:
        assert response.status == 413
