"""Removing a release whose first install failed, without the disks: they may hold data already."""

from bot.cluster.discovery import Ref
from bot.helm.errors import ReleaseMissing
from bot.operations.tools import Tools
from bot.planning.plan import ObjectRef, refs
from bot.planning.releases import of_record
from bot.planning.site import Site


async def remove_keeping_disks(tools: Tools, site: Site, timeout: float) -> None:
    """Uninstall by Helm; where the chart makes claims of its own, delete everything else by ourselves.

    Helm takes what stays from the release's own manifest, which a failed install can't change any more.
    """
    try:
        record = await tools.helm.get(site.location, None, site.identity)
    except ReleaseMissing:
        return
    objects, hooks = of_record(record, site.namespace)
    claims = [each for each in objects if each.key.kind == "PersistentVolumeClaim"]
    if not claims:
        await tools.helm.uninstall(site.location, as_=site.identity, timeout=timeout)
        return
    cluster = await tools.cluster(site)
    for each in (*refs(hooks), *reversed(refs(objects))):
        if each.kind != "PersistentVolumeClaim":
            await cluster.delete(_ref(each))
    stored = await cluster.metadata("v1", "Secret", site.namespace, labels=f"owner=helm,name={site.release}")
    for secret in stored:
        await cluster.delete(Ref("v1", "Secret", secret["metadata"]["name"], site.namespace))


def _ref(each: ObjectRef) -> Ref:
    return Ref(each.api_version, each.kind, each.name, each.namespace or None)
