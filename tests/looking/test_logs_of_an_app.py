"""/logs from the chat: the pod that matters, clean and masked, the newest lines in sight."""

from pathlib import Path

from tests.looking.pods import pods, short, speaks
from tests.worlds import World, open_bot_world, spaced


async def test_logs_are_read_by_app_pod_container_and_search(world: World) -> None:
    first, second = pods(world, "shop-staging", "shop")[:2]
    speaks(world, first, "ERROR \x1b[31mlogin\x1b[0m of sample-password-\x1b[1mof-shop", "10%\r90%\rloaded")

    world.dana.says("/logs shop staging")
    usual = await world.sees("shop · pod .* · staging", buttons=["Refresh", "Last 500", "Pod ", "Pods"])
    assert "listening on 0.0.0.0:8080" in usual.text

    world.dana.says(f"/logs {short(first)}")
    seen = await world.sees(f"shop · pod {short(first)} · staging")
    assert "\nERROR login of •••\nloaded" in seen.text
    assert "sample-password" not in seen.text

    world.dana.says(f"/Logs shop staging {first['metadata']['name']} grep=“LOGIN OF” since=10m")
    found = await world.sees("With LOGIN OF, of \\d+ lines")
    assert spaced(found.text).splitlines()[-1] == "ERROR login of •••"

    await world.dana.presses(f"Pod {short(second)}")
    other = await world.sees(f"shop · pod {short(second)} · staging")
    assert "No such lines" in other.text
    assert other.id == found.id

    world.dana.says("/logs shop staging nothing")
    wrong = await world.sees('No pod, workload or container "nothing" of shop in staging')
    assert short(first) in wrong.text
    world.dana.says("/logs shp")
    await world.sees('No app "shp"', buttons=["/logs shop"])
    world.dana.says("/logs 4zq7x")
    await world.sees('No app or pod "4zq7x"')


async def test_a_long_log_is_a_document_with_its_newest_lines_in_sight(world: World) -> None:
    pod = pods(world, "shop-staging", "shop")[0]
    speaks(world, pod, *(f"request {number} took 12 ms" for number in range(900)))
    world.dana.says(f"/logs {short(pod)}")
    usual = await world.sees("request 899", buttons=["Last 500"])
    assert "request 880" in usual.text
    assert "request 879" not in usual.text
    await world.dana.presses("Last 500")
    sent = await world.sees("The newest .* of 500 lines")
    assert sent.document is not None
    assert sent.document.name == f"shop-staging-{short(pod)}-web.log"
    lines = sent.document.content.decode().splitlines()
    assert lines[0] == "request 400 took 12 ms"
    assert lines[-1] == spaced(sent.text).splitlines()[-1] == "request 899 took 12 ms"


async def test_a_crash_is_seen_from_its_result_to_its_events(tmp_path: Path) -> None:
    extra = "environments: {staging: {on_failure: leave}, production: {disclose: diff}}"
    async with open_bot_world(tmp_path, extra) as world:
        world.sandbox.servers.behaviours.order("registry/blog:v1.0", "crash")
        await world.dana.deploys("v1.0", app="blog")
        await world.sees("❌ blog → staging v1.0 failed", buttons=["Logs", "Pods"])
        await world.dana.presses("Logs")
        logs = await world.sees("the run before", buttons=["Refresh", "This run"])
        assert logs.text.rstrip().endswith("KeyError: 'DATABASE_URL'")
        await world.dana.presses("This run")
        await world.sees(r"❌ blog · pod .* · staging\n\w+ · \d")

        world.dana.says("/pods blog staging")
        listed = await world.sees("❌ blog · staging: \\d pods", buttons=["Refresh", "‹ blog"])
        crashing = spaced(listed.text).splitlines()[1]
        assert "crashed at start, exit 1" in crashing
        assert "restart" in crashing
        await world.dana.presses(crashing.split()[1])
        pod = await world.sees("blog · pod", buttons=["Logs", "Previous logs", "Events", "‹ Pods"])
        assert "Image blog:v1.0" in spaced(pod.text)
        assert "KeyError: 'DATABASE_URL'" in pod.text
        await world.dana.presses("Events")
        await world.sees("BackOff", buttons=["‹ Pod"])
        await world.dana.presses("‹ Pod")
        assert (await world.sees("blog · pod", buttons=["Previous logs"])).id == listed.id

        world.dana.says("/logs shop production", chat="private")
        refused = await world.sees("Logs and events of production are not shown", chat="private dana")
        assert "Its `disclose` is `diff`" in spaced(refused.text)
        world.dana.says(f"/pods {short(pods(world, 'shop', 'shop')[0])}", chat="private")
        pod = await world.sees("shop · pod", buttons=["‹ Pods"], chat="private dana")
        labels = [button.label for row in pod.buttons for button in row]
        assert not {"Logs", "Previous logs", "Events"} & set(labels)
