"""What a client finds out about the server before it knows anything: paths, health, what is not possible."""

import aiohttp

from tests.sandbox_kubernetes_api.conftest import Http


async def test_all_that_is_served_is_listed_at_the_root(http: Http) -> None:
    paths = (await http.get("/"))["paths"]
    assert {"/api/v1", "/apis/apps/v1", "/healthz", "/openapi/v3", "/version"} <= set(paths)
    for path in ("/api/v1", "/apis/apps", "/apis/apps/v1", "/openapi/v3", "/version"):
        assert (await http.ask("GET", path))[0] == 200


async def test_its_health_is_told_in_one_word_or_in_lines(http: Http) -> None:
    async def told(path: str) -> str:
        async with aiohttp.ClientSession() as session, session.get(http.url + path) as answer:
            return await answer.text()

    assert await told("/readyz") == "ok"
    assert await told("/livez?verbose") == "[+]ping ok\nlivez check passed\n"


async def test_what_would_take_a_process_in_a_container_is_refused_with_the_reason(http: Http) -> None:
    pods = "/api/v1/namespaces/default/pods"
    spec = {"containers": [{"name": "web", "image": "registry/web:v1"}]}
    await http.create(pods, {"metadata": {"name": "web"}, "spec": spec})
    status, answer = await http.ask("POST", f"{pods}/web/exec?command=ls")
    assert (status, answer["reason"]) == (501, "NotImplemented")
    assert "containers of the sandbox run nothing" in answer["message"]
