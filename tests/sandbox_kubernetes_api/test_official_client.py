"""The official Python client's asyncio part against the embedded cluster."""

from pathlib import Path
from typing import Any

import pytest

from tests.sandbox_kubernetes_api.builders import deployment


async def test_it_creates_reads_scales_and_deletes(kubeconfig: Path) -> None:
    from kubernetes.aio import client, config  # imports slowly, and only this test needs it

    api: Any = await config.new_client_from_config(str(kubeconfig))  # type: ignore[no-untyped-call]
    async with api:
        apps: Any = client.AppsV1Api(api)
        created = await apps.create_namespaced_deployment("default", deployment())
        assert created.spec.template.spec.containers[0].name == "web"
        patch = {"spec": {"replicas": 2}}
        scale = await apps.patch_namespaced_deployment_scale("web", "default", patch)
        assert scale.spec.replicas == 2
        listed = await apps.list_namespaced_deployment("default", label_selector="!none")
        assert [item.metadata.name for item in listed.items] == ["web"]
        await apps.delete_namespaced_deployment("web", "default")
        with pytest.raises(client.ApiException, match="not found"):
            await apps.read_namespaced_deployment("web", "default")
