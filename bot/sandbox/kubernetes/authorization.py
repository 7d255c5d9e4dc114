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
                listed = ", ".join(f'"{group}"' for group in groups)
                nobody = f'Name:"", UID:"", Groups:[]string{{{listed}}}, Extra:map[string][]string(nil)'
                raise bad_request(
                    f"requested &user.DefaultInfo{{{nobody}}} without impersonating a user name"
                )
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
    return why_allowed(storage, who, what) is not None


def why_allowed(storage: Storage, who: Identity, what: Attributes) -> str | None:
    """What lets `who` do `what`, in words (none for an administrator); None when nothing does."""
    if MASTERS in who.groups:
        return ""
    for binding, subject in _bindings(storage, who, what.namespace):
        namespace = binding["metadata"].get("namespace", "")
        if any(grants(rule, what) for rule in rules_of(storage, binding["roleRef"], namespace)):
            place = f"/{namespace}" if namespace else ""
            kind = "RoleBinding" if namespace else "ClusterRoleBinding"
            role = binding["roleRef"]
            home = f"/{subject.get('namespace')}" if subject["kind"] == "ServiceAccount" else ""
            return (
                f'RBAC: allowed by {kind} "{binding["metadata"]["name"]}{place}" of {role["kind"]} '
                f'"{role["name"]}" to {subject["kind"]} "{subject["name"]}{home}"'
            )
    return None


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
    for binding, _ in _bindings(storage, who, namespace):
        yield from rules_of(storage, binding["roleRef"], binding["metadata"].get("namespace", ""))


def _bindings(storage: Storage, who: Identity, namespace: str) -> Iterator[tuple[Object, Object]]:
    """The bindings that concern `who`, each with the subject that does."""
    found = storage.scan(RBAC, "clusterrolebindings")
    if namespace:
        found = [*found, *storage.scan(RBAC, "rolebindings", namespace)]
    for binding in found:
        subjects = binding.get("subjects") or []
        subject = next((each for each in subjects if _is(each, who, binding)), None)
        if subject is not None:
            yield binding, subject


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
    role = role_of(storage, reference, namespace) or {}
    yield from role.get("rules") or []
    for selector in (role.get("aggregationRule") or {}).get("clusterRoleSelectors") or []:
        for other in storage.scan(RBAC, "clusterroles"):
            if selects(selector, other["metadata"].get("labels") or {}):
                yield from other.get("rules") or []


def role_of(storage: Storage, reference: Object, namespace: str) -> Object | None:
    """The role that a binding refers to; None where there is none."""
    if reference["kind"] == "Role":
        return storage.peek(Key(RBAC, "roles", namespace, reference["name"]))
    return storage.peek(Key(RBAC, "clusterroles", "", reference["name"]))


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
