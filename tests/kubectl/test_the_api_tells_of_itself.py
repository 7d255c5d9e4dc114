"""What there is, what its fields mean, who one is and what one may."""

from tests.kubectl.commands import Both, Shell, unordered

RULE = '{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"Role","metadata":{"name":"reader"},"rules":['
RULE += '{"apiGroups":[""],"resources":["pods"],"verbs":["get","create"]}]}'


def built_in(text: str) -> str:
    """A list without what other tests define meanwhile, and without a kind that tells of the server's own machine."""
    foreign = ("componentstatuses", "example.com", "volcano", "pilothouse")
    return "\n".join(line for line in text.splitlines() if not any(word in line for word in foreign))


async def test_what_there_is(both: Both) -> None:
    await both.agree("api-versions", look=built_in)
    await both.agree("api-resources -o wide --sort-by name", look=built_in)
    await both.agree("api-resources --api-group apps --namespaced=false")
    await both.agree("version")
    await both.agree("cluster-info")
    for path in ("/healthz", "/livez", "/readyz", "/nothing", "/api/v1/nothing"):
        await both.agree(f"get --raw {path}")
    await both.agree("top pods")
    await both.agree("top nodes")


async def test_what_fields_mean(both: Both) -> None:
    await both.agree("explain deployment")
    await both.agree("explain deployment.spec.selector")
    await both.agree("explain pod.spec.containers.resources")
    await both.agree("explain pod.spec.volumes.configMap --recursive")
    await both.agree("explain hpa.spec --api-version autoscaling/v1")
    await both.agree("explain nonsense")
    await both.agree("explain pod.nonsense")


async def test_what_one_may(both: Both) -> None:
    await both.agree("auth can-i create deployments")
    await both.agree("auth can-i '*' '*'")
    await both.agree("auth can-i get pods --as bob")
    await both.agree("auth can-i get /metrics --as bob")
    await both.must("create role reader --verb get,list,watch --resource pods,pods/log")
    await both.must("create rolebinding reads --role reader --user bob --group devs")
    await both.until("auth can-i list pods --as bob")
    await both.agree("auth can-i list pods --as bob")
    await both.agree("auth can-i get pods --subresource log --as eve --as-group devs")
    await both.agree("auth can-i --list --as bob", look=unordered)
    await both.agree("auth can-i --list", look=unordered)
    await both.agree("auth whoami --as bob --as-group devs")
    await both.agree("auth reconcile -f -", RULE)


async def test_who_may_not_is_told_so(both: Both) -> None:
    for words in (
        "get pods",
        "get secrets",
        "delete pod x",
        "create configmap a",
        "get nodes",
        "get pods -A",
    ):
        await both.agree(f"{words} --as bob")
    await both.agree("auth can-i --list --as bob --as-group devs", look=unordered)


async def test_a_token_makes_one_the_service_account_that_it_is_for(shell: Shell) -> None:
    await shell.must("create serviceaccount robot")
    await shell.must("create role reader --verb get --resource pods")
    await shell.must("create rolebinding reads --role reader --serviceaccount {ns}:robot")
    assert (await shell.must("create token robot")).count(".") == 2
    robot = "--as system:serviceaccount:{ns}:robot"
    assert (await shell.must(f"auth can-i get pods {robot}")).strip() == "yes"
    assert "cannot list resource" in await shell.refused(f"get pods {robot}")
