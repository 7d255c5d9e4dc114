"""An in-memory Kubernetes: the API server over HTTP, and the controllers, scheduler and kubelets behind it.

A library of its own, for trying kubectl, Helm, client libraries and operators in a process of a test, without etcd,
containers or root. It knows nothing of the bot; of what is around it, it takes the clock alone (`bot.clock`), so that
a test can move time. Kinds come from Kubernetes' published schemas; code for a kind exists only where Kubernetes
itself has some. `tests/contract` and `tests/kubectl` ask a real control plane the same and want the same answers.

What it covers
    Verbs       get, list (label and field selectors, limit and continue, Table, metadata alone), watch (bookmarks,
                initial events, 410 for what is forgotten), create, update, delete, deletecollection; JSON, merge,
                strategic and server-side apply patches with managedFields and conflicts; dry runs, preconditions,
                generateName, finalizers, propagation; JSON, YAML and, of what kubectl and Helm send, protobuf.
    Kinds       every stable one, with its defaults, its columns, field validation and Kubernetes' own refusals;
                status, scale, log, eviction, token, finalize, ephemeralcontainers. Discovery in both forms,
                OpenAPI v3 as `kubectl explain` reads it.
    Custom ones CustomResourceDefinitions: schemas, pruning, defaults, columns, selectable fields, status and scale.
    Rights      Roles and bindings, aggregation, impersonation, no escalation, reviews; a ServiceAccount's token makes
                its bearer that account. Whoever brings none is the administrator; `KubernetesServer.gate` knows more.
    Admission   ServiceAccount, LimitRanger, ResourceQuota, Priority, default tolerations, claims' finalizers.
    Controllers Deployments, ReplicaSets, StatefulSets, DaemonSets, Jobs, CronJobs, disruption budgets, claims and
                their disks, EndpointSlices, quotas, namespaces, garbage collection in its three ways.
    Nodes       three, and a scheduler that knows requests, host ports, selectors, taints, affinity between pods and
                the spread over a topology, with the real one's words for a pod that fits nowhere; kubelets that pull,
                start, probe, restart, mount and end, with Events and logs.
    Images      nothing is run: `behaviour` says of each image whether it works, crashes, dies out of memory, is slow
                or cannot be pulled, `image_exists` whether it is there, and `pace` how long each step takes.
    For a test  `settled` waits until the controllers have nothing to do, `down` refuses connections for a while, `fail`
                answers with a status, `logs` has what containers wrote; `storage` is open.

What it does not
    exec, attach and port-forward (501, with the reason), aggregated APIs, conversion webhooks and the deprecated
    ComponentStatus; admission webhooks and policies, PodSecurity; rules in CEL; autoscaling, preemption, eviction by
    taint or pressure, Indexed Jobs and pod failure policies, `@every` schedules, Endpoints beside EndpointSlices.
    HorizontalPodAutoscalers, Ingresses, NetworkPolicies and webhooks' configurations are kept and do nothing.
    Enumerations are missing from `kubectl explain`; refusals do not print Go's structures. There is no TLS, and what
    is inside is gone with the server.

In a pytest fixture::

    import aiohttp
    import pytest

    from bot.sandbox.kubernetes import KubernetesServer, Pace

    DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"


    @pytest.fixture
    async def cluster(tmp_path):
        def behaviour(image):
            return "crash" if image.endswith("-bad") else "ok"

        async with KubernetesServer(behaviour=behaviour, pace=Pace.instant()) as server:
            (tmp_path / "kubeconfig").write_text(server.kubeconfig())  # for kubectl and any client library
            yield server


    async def test_a_deployment_becomes_available(cluster):
        pods = {"containers": [{"name": "web", "image": "registry/web:v1"}]}
        template = {"metadata": {"labels": {"app": "web"}}, "spec": pods}
        spec = {"replicas": 2, "selector": {"matchLabels": {"app": "web"}}, "template": template}
        async with aiohttp.ClientSession(cluster.url) as http:
            await http.post(DEPLOYMENTS, json={"metadata": {"name": "web"}, "spec": spec})
            watch = {"watch": "true", "fieldSelector": "metadata.name=web"}
            async with http.get(DEPLOYMENTS, params=watch) as events:
                async for line in events.content:
                    if b'"availableReplicas":2' in line:
                        break
            async with http.get("/api/v1/namespaces/default/pods") as answer:
                found = (await answer.json())["items"]

        assert [pod["status"]["phase"] for pod in found] == ["Running", "Running"]
"""

from bot.sandbox.kubernetes.behaviour import Behaviour, Pace
from bot.sandbox.kubernetes.cluster import KubernetesServer

__all__ = ["Behaviour", "KubernetesServer", "Pace"]
