"""What `kubectl create` makes, in its own protobuf, and how it looks afterwards."""

import pytest

from tests.kubectl.commands import Both, nothing, unordered

PLAIN = [
    "configmap settings --from-literal a=b",
    "secret generic keys --from-literal a=b",
    "secret docker-registry pull --docker-server r --docker-username u --docker-password p",
    "quota few --hard pods=5,requests.cpu=2",
    "poddisruptionbudget kept --selector a=b --min-available 1",
]
NETWORK = [
    "ingress shop --rule a.example/=svc:80,tls=cert --class nginx",
    "service clusterip inner --tcp 80:80",
    "service nodeport outer --tcp 80:80",
    "service loadbalancer both --tcp 80:80",
    "service externalname other --external-name example.com",
]
RIGHTS = [
    "serviceaccount robot",
    "role reader --verb get,list --resource pods,pods/log",
    "rolebinding reads --role reader --user bob --serviceaccount {ns}:robot",
]
SETTLED = [
    "--for=jsonpath='{.status.hard.pods}'=5 quota/few",
    "--for=jsonpath='{.status.desiredHealthy}'=1 pdb/kept",
]
"""What controllers write of the plain ones."""


@pytest.mark.parametrize("part", [PLAIN, NETWORK, RIGHTS], ids=["plain", "network", "rights"])
async def test_each_is_made_listed_and_described(both: Both, part: list[str]) -> None:
    for words in part:
        await both.agree(f"create {words}")
    for words in SETTLED if part is PLAIN else ():
        await both.must(f"wait --timeout 20s {words}")
    named = {words.partition(" --")[0] for words in part}
    kinds = ",".join(sorted({each.split()[0] for each in named}))
    listed = " ".join(sorted(f"{each.split()[0]}/{each.split()[-1]}" for each in named))
    await both.agree(f"get {kinds} -o wide")
    await both.agree(f"describe {listed}", look=unordered)
    await both.agree(f"delete {kinds} --all --dry-run=server")


async def test_what_is_in_no_namespace(both: Both) -> None:
    for words in ("clusterrole {ns} --verb get --resource nodes", "priorityclass {ns} --value 10"):
        kind = words.split()[0]
        await both.agree(f"create {words}")
        await both.agree(f"get {kind} {{ns}}")
        await both.agree(f"describe {kind} {{ns}}")
        await both.agree(f"delete {kind} {{ns}}")
    await both.agree("create clusterrolebinding {ns} --clusterrole view --serviceaccount {ns}:robot")
    await both.agree("delete clusterrolebinding {ns}")
    await both.agree("get storageclass")
    await both.agree("get service kubernetes -n default -o jsonpath='{.spec.sessionAffinity}'")


async def test_a_second_one_of_a_name_and_a_bad_name_are_refused(both: Both) -> None:
    await both.must("create configmap settings")
    await both.agree("create configmap settings")
    await both.agree("create configmap Settings")
    await both.agree("create secret tls cert --cert /nothing --key /nothing", look=nothing)
    await both.agree("create deployment web --image registry/web:v1 -n nowhere")
