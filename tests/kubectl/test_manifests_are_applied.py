"""Files are applied by the client and by the server, compared with what there is, replaced and deleted."""

from tests.kubectl.commands import Both, last_line, nothing, unordered
from tests.kubectl.manifests import APP, CHANGED

MANIFEST = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\n"


def without_places(text: str) -> str:
    """A diff without the names of its temporary files, in whatever order its objects came."""
    return unordered(
        "\n".join(line for line in text.splitlines() if not line.startswith(("diff", "---", "+++")))
    )


async def test_a_file_is_applied_compared_and_applied_again(both: Both) -> None:
    await both.agree("diff -f -", APP, look=without_places)
    await both.agree("apply -f -", APP)
    await both.agree("apply -f -", APP)
    await both.agree("diff -f -", CHANGED, look=without_places)
    await both.agree("apply -f -", CHANGED)
    await both.agree("apply view-last-applied configmap settings")
    await both.agree("get -f -", CHANGED, look=nothing)
    await both.agree("apply --prune -l set=a -f -", CHANGED.partition("---")[0], look=nothing)
    await both.agree("delete -f - --ignore-not-found", CHANGED)


async def test_the_server_applies(both: Both) -> None:
    await both.agree("apply --server-side -f -", APP)
    await both.agree("apply --server-side --field-manager other -f -", CHANGED)
    await both.agree("apply --server-side --field-manager other --force-conflicts -f -", CHANGED)
    await both.agree("get configmap settings -o yaml --show-managed-fields")


async def test_the_server_takes_over_from_the_client(both: Both) -> None:
    await both.must("apply -f -", f"{MANIFEST}data: {{a: '1'}}")
    await both.agree("apply --server-side -f -", f"{MANIFEST}data: {{a: '2'}}")
    await both.agree("get configmap settings -o yaml --show-managed-fields")
    await both.agree("apply -f -", f"{MANIFEST}data: {{a: '3'}}")


async def test_what_is_wrong_with_a_file_is_told(both: Both) -> None:
    await both.agree("apply -f -", f"{MANIFEST}dat: {{}}")
    await both.agree("apply --validate=false -f -", f"{MANIFEST}dat: {{}}")
    await both.agree("apply -f -", f"{MANIFEST}dat: {{}}")
    await both.agree("apply --validate=warn -f -", f"{MANIFEST}dat: {{}}")
    await both.agree("create -f -", f"{MANIFEST}data: {{a: 1}}")
    await both.agree("apply --dry-run=server -f -", MANIFEST.replace("settings", "never"))
    await both.agree("get configmap never")
    await both.agree("create configmap never --from-literal a=b --dry-run=client -o yaml")
    await both.agree("apply --dry-run=server -f -", APP.replace("image: ", "imag: "), look=last_line)


async def test_an_object_is_replaced(both: Both) -> None:
    await both.must("create configmap settings --from-literal a=b")
    await both.agree("replace -f -", f"{MANIFEST}data: {{c: d}}")
    await both.agree("get configmap settings -o jsonpath='{.data}'")
    await both.agree("replace -f -", MANIFEST.replace("settings", "nothing"))
    await both.agree("replace --force -f -", f"{MANIFEST}data: {{e: f}}")
