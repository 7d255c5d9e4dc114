"""A definition's columns, defaults, rules, scale, status and explanation; and its end."""

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.kubectl.commands import Both, unordered
from tests.kubectl.manifests import WIDGETS, widget

CRD = "crd widgets.{ns}.example.com"
"""They are called by their whole name everywhere: other tests define widgets, too."""


@pytest_asyncio.fixture(loop_scope="session")
async def defined(both: Both) -> AsyncIterator[Both]:
    await both.must("apply -f -", WIDGETS)
    await both.must(f"wait --for=condition=Established {CRD.replace(' ', '/')}")
    yield both
    await both.must(f"delete {CRD} --ignore-not-found")


async def test_they_are_made_shown_scaled_and_gone_with_it(defined: Both) -> None:
    await defined.must("apply -f -", widget(size=3))
    await defined.agree(
        f"get {CRD} -o jsonpath='{{.spec.names}}{{.spec.conversion}}{{.status.acceptedNames}}'"
    )
    await defined.agree("api-resources --api-group {ns}.example.com")
    await defined.agree("get widgets.{ns}.example.com -o wide")
    await defined.agree("get widgets.{ns}.example.com w -o yaml")
    await defined.agree("get all")
    await defined.agree("get widgets.{ns}.example.com --field-selector spec.colour=green")
    await defined.agree("get widgets.{ns}.example.com --field-selector spec.size=3")
    await defined.agree("scale widgets.{ns}.example.com w --replicas 3")
    status = '{"status":{"replicas":3,"phase":"Fine"}}'
    await defined.agree(
        "patch widgets.{ns}.example.com w --subresource status --type merge -p '" + status + "'"
    )
    await defined.agree("get widgets.{ns}.example.com w -o jsonpath='{.status}{.spec}'")
    await defined.agree("wait --for=jsonpath='{.status.phase}'=Fine widgets.{ns}.example.com/w --timeout 5s")
    await defined.agree("label widgets.{ns}.example.com w a=b")
    await defined.agree("""patch widgets.{ns}.example.com w -p '{"spec":{"size":5}}'""")
    await defined.agree("""patch widgets.{ns}.example.com w --type merge -p '{"spec":{"size":5}}'""")
    await defined.agree(f"delete {CRD}")
    await defined.agree("get widgets.{ns}.example.com")


async def test_what_their_schema_forbids_is_refused(defined: Both) -> None:
    await defined.agree("create -f -", widget(size=0))
    wrong = widget(size="x", colour="blue", name="UPPERCASE", tags=["a", "b", "c"])
    await defined.agree("create -f -", wrong, look=unordered)
    await defined.agree("create -f -", widget())
    await defined.agree("create -f -", widget(size=4, more=1))
    await defined.agree("create --validate=false -f -", widget(size=4, more=1))
    await defined.agree("get widgets.{ns}.example.com w -o jsonpath='{.spec}'")


async def test_their_fields_are_explained(defined: Both) -> None:
    await defined.must("get widgets.{ns}.example.com")
    await defined.until("explain widgets.{ns}.example.com")
    await defined.agree("explain widgets.{ns}.example.com")
    await defined.agree("explain widgets.{ns}.example.com.spec.size")
