"""Removing objects: what the server answers, preconditions, and what keeps an object for a while."""

from typing import Any

from tests.contract import objects
from tests.contract.asking import Answer, Both, Side
from tests.contract.waiting import gone, until

WEB = "v1/configmaps/web"


async def test_a_delete_answers_with_what_went(both: Both) -> None:
    async def deleted(side: Side) -> list[Answer]:
        await side.create("v1/configmaps", objects.config_map())
        return [await side.delete(WEB), await side.delete(WEB), await side.get(WEB)]

    (first, *_), second, third = await both.agree(deleted)
    assert (first, second[0], third[0]) == (200, 404, 404)


async def test_a_precondition_that_does_not_hold_keeps_the_object(both: Both) -> None:
    async def deleted(side: Side) -> list[Answer]:
        await side.create("v1/configmaps", objects.config_map())
        other = "00000000-0000-0000-0000-000000000000"
        return [
            await side.delete(WEB, {"preconditions": {"uid": other}}),
            await side.delete(WEB, {"preconditions": {"resourceVersion": "1"}}),
            await side.get(WEB),
        ]

    answers = await both.agree(deleted)
    assert [answer[0] for answer in answers] == [409, 409, 200]


async def test_a_finalizer_holds_it_until_it_is_taken_off(both: Both) -> None:
    async def held(side: Side) -> list[Answer]:
        body = objects.config_map()
        body["metadata"]["finalizers"] = ["example.org/hold"]
        await side.create("v1/configmaps", body)
        return [
            await side.delete(WEB),
            await side.create("v1/configmaps", objects.config_map()),
            await side.patch(WEB, {"metadata": {"finalizers": ["example.org/hold", "example.org/more"]}}),
            await side.patch(WEB, {"metadata": {"finalizers": None}}),
            await side.get(WEB),
        ]

    await both.agree(held)


async def test_a_foreground_delete_waits_for_what_is_owned(both: Both) -> None:
    async def waiting(side: Side) -> Any:
        owner = await side.create("v1/configmaps", objects.config_map())
        uid = owner.body["metadata"]["uid"]
        reference = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "name": "web",
            "uid": uid,
            "blockOwnerDeletion": True,
        }
        for name, held in (("child", ["example.org/hold"]), ("other", [])):
            body = objects.config_map(name)
            body["metadata"] |= {"ownerReferences": [reference], "finalizers": held}
            await side.create("v1/configmaps", body)
        answer = await side.delete(WEB, {"propagationPolicy": "Foreground"})
        await gone(side, "v1/configmaps/other")
        still = await side.get(WEB)
        await side.patch("v1/configmaps/child", {"metadata": {"finalizers": None}})
        await gone(side, WEB)
        return [answer.code, still.code, still.body["metadata"]["finalizers"]]

    assert await both.agree(waiting) == [200, 200, ["foregroundDeletion"]]


async def test_a_background_delete_takes_what_is_owned_afterwards(both: Both) -> None:
    async def taken(side: Side) -> int:
        await side.create("apps/v1/deployments", objects.workload(replicas=0))
        sets = await until(side, "apps/v1/replicasets", lambda items: len(items) == 1)
        answer = await side.delete("apps/v1/deployments/web", {"propagationPolicy": "Background"})
        await gone(side, f"apps/v1/replicasets/{sets[0]['metadata']['name']}")
        return answer.code

    assert await both.agree(taken) == 200


async def test_an_orphaning_delete_leaves_what_is_owned(both: Both) -> None:
    async def left(side: Side) -> Any:
        await side.create("apps/v1/deployments", objects.workload(replicas=0))
        await until(side, "apps/v1/replicasets", lambda items: len(items) == 1)
        await side.delete("apps/v1/deployments/web", {"propagationPolicy": "Orphan"})
        await gone(side, "apps/v1/deployments/web")
        (orphan,) = (await side.get("apps/v1/replicasets")).body["items"]
        return orphan["metadata"].get("ownerReferences")

    assert await both.agree(left) is None


async def test_a_collection_goes_by_its_selector(both: Both) -> None:
    async def deleted(side: Side) -> list[Any]:
        for name in ("one", "two", "three"):
            body = objects.config_map(name)
            body["metadata"]["labels"] = {"odd": str(name != "two").lower()}
            await side.create("v1/configmaps", body)
        answer = await side.delete("v1/configmaps", labelSelector="odd=true")
        left = (await side.get("v1/configmaps")).body["items"]
        return [answer, [each["metadata"]["name"] for each in left if "kube" not in each["metadata"]["name"]]]

    await both.agree(deleted)


async def test_nothing_new_comes_into_a_namespace_that_goes(both: Both) -> None:
    async def refused(side: Side) -> list[Any]:
        body = objects.config_map()
        body["metadata"]["finalizers"] = ["example.org/hold"]
        await side.create("v1/configmaps", body)
        answer = await side.delete(f"/api/v1/namespaces/{side.namespace}")
        namespace = await side.get(f"/api/v1/namespaces/{side.namespace}")
        late = await side.create("v1/configmaps", objects.config_map("late"))
        changed = await side.patch(WEB, {"data": {"colour": "red"}})
        await side.patch(WEB, {"metadata": {"finalizers": None}})
        return [answer.code, namespace.body["status"]["phase"], late, changed.code]

    await both.agree(refused)


async def test_the_cluster_s_own_namespaces_stay(both: Both) -> None:
    code, body, _ = await both.agree(lambda side: side.delete("/api/v1/namespaces/kube-system", dryRun="All"))
    assert (code, body["reason"]) == (403, "Forbidden")
