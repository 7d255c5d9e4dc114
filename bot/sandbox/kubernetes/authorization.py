"""Who may do what: the identity of a request, and RBAC from the cluster's own role objects.

Whoever reaches the server is its administrator, unless their bearer token is one of the accounts that a test has
registered; impersonation headers turn them into somebody else. All but administrators have what Roles and
ClusterRoles grant, impersonation included. Wording follows the RBAC authoriser.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from bot.sandbox.kubernetes.errors import ApiError, Subject, bad_request, forbidden
from bot.sandbox.kubernetes.selectors import selects
from bot.sandbox.kubernetes.storage import Key, Storage

Object = dict[str, Any]

RBAC = "rbac.authorization.k8s.io"
MASTERS = "system:masters"
AUTHENTICATED = "system:authenticated"
SERVICE_ACCOUNT = "system:serviceaccount:"


@dataclass(frozen=True)
class Identity:
    """A user and the groups they are in."""

    user: str
    groups: tuple[str, ...] = ()


ADMIN = Identity("kubernetes-admin", (MASTERS, "kubeadm:cluster-admins", AUTHENTICATED))


@dataclass(frozen=True)
class Attributes:
    """What is asked to be allowed: a verb on a resource, or on a path when `path` is set."""

    verb: str
    group: str = ""
    resource: str = ""
    subresource: str = ""
    namespace: str = ""
    name: str = ""
    path: str = ""

    @property
    def full_resource(self) -> str:
        return f"{self.resource}/{self.subresource}" if self.subresource else self.resource


def _nobody_listens(_who: Identity, _what: Attributes) -> None:
    """The default of `Gate.seen`."""


@dataclass
class Gate:
    """Who comes in, and what they may do."""

    storage: Storage
    accounts: dict[str, Identity] = field(default_factory=dict)
    """Who brings which bearer token; everybody else is the administrator."""
    seen: Callable[[Identity, Attributes], None] = _nobody_listens
    """Is told whatever is asked to be allowed, as an audit log would be."""

    def identity(self, request: web.Request) -> Identity:
        """Who asks.

        Raises: ApiError 400 for groups without a user, 403 for an identity that the account may not take on.
        """
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        account = self.accounts.get(token)
        who = ADMIN if account is None else _whole(account.user, account.groups)
        headers = request.headers
        user = headers.get("Impersonate-User", "")
        groups = tuple(headers.getall("Impersonate-Group", ()))
        if not user:
            if groups:
                raise bad_request("requested [{Group}] without impersonating a user")
            return who
        self.authorize(who, _impersonation(user))
        for group in groups:
            self.authorize(who, Attributes("impersonate", resource="groups", name=group))
        return _whole(user, groups)

    def authorize(self, who: Identity, what: Attributes) -> None:
        """Raises: ApiError 403 when `who` may not."""
        self.seen(who, what)
        if not allowed(self.storage, who, what):
            raise refusal(who, what)


def _impersonation(user: str) -> Attributes:
    if user.startswith(SERVICE_ACCOUNT):
        namespace, _, name = user.removeprefix(SERVICE_ACCOUNT).partition(":")
        return Attributes("impersonate", resource="serviceaccounts", namespace=namespace, name=name)
    return Attributes("impersonate", resource="users", name=user)


def _whole(user: str, groups: tuple[str, ...]) -> Identity:
    """The identity with the groups that Kubernetes adds by itself."""
    if user.startswith(SERVICE_ACCOUNT) and not groups:
        namespace = user.removeprefix(SERVICE_ACCOUNT).partition(":")[0]
        groups = ("system:serviceaccounts", f"system:serviceaccounts:{namespace}")
    if AUTHENTICATED not in groups and user != "system:anonymous":
        groups = (*groups, AUTHENTICATED)
    return Identity(user, groups)


def allowed(storage: Storage, who: Identity, what: Attributes) -> bool:
    """Whether the cluster's roles let `who` do `what`."""
    if MASTERS in who.groups:
        return True
    return any(grants(rule, what) for rule in rules(storage, who, what.namespace))


def refusal(who: Identity, what: Attributes) -> ApiError:
    """The 403 in Kubernetes' words."""
    if what.path:
        return forbidden(Subject("", ""), f'User "{who.user}" cannot {what.verb} path "{what.path}"')
    place = f'in the namespace "{what.namespace}"' if what.namespace else "at the cluster scope"
    words = (
        f'User "{who.user}" cannot {what.verb} resource "{what.full_resource}" in API group '
        f'"{what.group}" {place}'
    )
    return forbidden(Subject(what.group, what.resource, "", what.name), words)


def rules(storage: Storage, who: Identity, namespace: str = "") -> Iterator[Object]:
    """All rules that hold for `who`: cluster-wide ones, and those of the namespace when one is given."""
    for binding in storage.scan(RBAC, "clusterrolebindings"):
        if _binds(binding, who):
            yield from rules_of(storage, binding["roleRef"], "")
    if namespace:
        for binding in storage.scan(RBAC, "rolebindings", namespace):
            if _binds(binding, who):
                yield from rules_of(storage, binding["roleRef"], namespace)


def _binds(binding: Object, who: Identity) -> bool:
    return any(_is(subject, who, binding) for subject in binding.get("subjects") or [])


def _is(subject: Object, who: Identity, binding: Object) -> bool:
    match subject.get("kind"):
        case "User":
            return bool(subject["name"] == who.user)
        case "Group":
            return subject["name"] in who.groups
        case "ServiceAccount":
            namespace = subject.get("namespace") or binding["metadata"].get("namespace", "")
            return who.user == f"{SERVICE_ACCOUNT}{namespace}:{subject['name']}"
        case _:
            return False


def rules_of(storage: Storage, reference: Object, namespace: str) -> Iterator[Object]:
    """A role's rules; an aggregated ClusterRole also has those of the roles it selects."""
    if reference["kind"] == "Role":
        role = storage.peek(Key(RBAC, "roles", namespace, reference["name"]))
        yield from (role or {}).get("rules") or []
        return
    role = storage.peek(Key(RBAC, "clusterroles", "", reference["name"])) or {}
    yield from role.get("rules") or []
    for selector in (role.get("aggregationRule") or {}).get("clusterRoleSelectors") or []:
        for other in storage.scan(RBAC, "clusterroles"):
            if selects(selector, other["metadata"].get("labels") or {}):
                yield from other.get("rules") or []


def grants(rule: Object, what: Attributes) -> bool:
    """Whether one rule lets its holder do `what`."""
    if not _has(rule.get("verbs"), what.verb):
        return False
    if what.path:
        return any(_path_matches(path, what.path) for path in rule.get("nonResourceURLs") or [])
    if not _has(rule.get("apiGroups"), what.group):
        return False
    wanted = {"*", what.full_resource, f"*/{what.subresource}" if what.subresource else "*"}
    if not wanted & set(rule.get("resources") or []):
        return False
    names = rule.get("resourceNames")
    return not names or what.name in names


def _has(values: list[str] | None, value: str) -> bool:
    return "*" in (values or []) or value in (values or [])


def _path_matches(pattern: str, path: str) -> bool:
    return path.startswith(pattern[:-1]) if pattern.endswith("*") else path == pattern
