"""Bodies in Kubernetes' protobuf, for the few kinds that Helm and kubectl send that way.

Answers are always JSON, which every client accepts. No package of Kubernetes' descriptors exists, so the
field numbers that are needed stand here (facts of the `generated.proto` files); the protobuf runtime does
the decoding. What this table lacks is refused by name rather than lost.
"""

import base64
from datetime import UTC, datetime
from functools import cache
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, unknown_fields
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import DecodeError, Message

from bot.sandbox.kubernetes.errors import bad_request, unsupported_media_type
from bot.sandbox.kubernetes.metadata import timestamp

Object = dict[str, Any]
Proto = descriptor_pb2.FieldDescriptorProto

MEDIA_TYPE = "application/vnd.kubernetes.protobuf"
MAGIC = b"k8s\x00"

MESSAGES = {
    "TypeMeta": "apiVersion:1 kind:2",
    "Unknown": "typeMeta:1=TypeMeta raw:2=bytes contentEncoding:3 contentType:4",
    "Time": "seconds:1=int64 nanos:2=int32",
    "Quantity": "string:1",
    "IntOrString": "type:1=int64 intVal:2=int32 strVal:3",
    "OwnerReference": "kind:1 name:3 uid:4 apiVersion:5 controller:6=bool blockOwnerDeletion:7=bool",
    "ObjectMeta": (
        "name:1 generateName:2 namespace:3 selfLink:4 uid:5 resourceVersion:6 generation:7=int64 "
        "creationTimestamp:8=Time deletionTimestamp:9=Time deletionGracePeriodSeconds:10=int64 "
        "labels:11=map annotations:12=map ownerReferences:13=[OwnerReference] finalizers:14=[string] "
        "managedFields:17=-"
    ),
    "LabelSelectorRequirement": "key:1 operator:2 values:3=[string]",
    "LabelSelector": "matchLabels:1=map matchExpressions:2=[LabelSelectorRequirement]",
    "Preconditions": "uid:1 resourceVersion:2",
    "DeleteOptions": (
        "gracePeriodSeconds:1=int64 preconditions:2=Preconditions orphanDependents:3=bool "
        "propagationPolicy:4 dryRun:5=[string]"
    ),
    "LocalObjectReference": "name:1",
    "ObjectReference": "kind:1 namespace:2 name:3 uid:4 apiVersion:5 resourceVersion:6 fieldPath:7",
    "Secret": "metadata:1=ObjectMeta data:2=map<bytes> type:3 stringData:4=map immutable:5=bool",
    "ConfigMap": "metadata:1=ObjectMeta data:2=map binaryData:3=map<bytes> immutable:4=bool",
    "NamespaceSpec": "finalizers:1=[string]",
    "Namespace": "metadata:1=ObjectMeta spec:2=NamespaceSpec status:3=-",
    "ServiceAccount": (
        "metadata:1=ObjectMeta secrets:2=[ObjectReference] imagePullSecrets:3=[LocalObjectReference] "
        "automountServiceAccountToken:4=bool"
    ),
    "ContainerPort": "name:1 hostPort:2=int32 containerPort:3=int32 protocol:4 hostIP:5",
    "EnvVar": "name:1 value:2",
    "ResourceRequirements": "limits:1=map<Quantity> requests:2=map<Quantity>",
    "Container": (
        "name:1 image:2 command:3=[string] args:4=[string] workingDir:5 ports:6=[ContainerPort] "
        "env:7=[EnvVar] resources:8=ResourceRequirements terminationMessagePath:13 imagePullPolicy:14 "
        "stdin:16=bool stdinOnce:17=bool tty:18=bool terminationMessagePolicy:20"
    ),
    "PodSecurityContext": "",
    "PodSpec": (
        "containers:2=[Container] restartPolicy:3 terminationGracePeriodSeconds:4=int64 "
        "activeDeadlineSeconds:5=int64 dnsPolicy:6 nodeSelector:7=map serviceAccountName:8 serviceAccount:9 "
        "nodeName:10 hostNetwork:11=bool hostPID:12=bool hostIPC:13=bool "
        "securityContext:14=PodSecurityContext imagePullSecrets:15=[LocalObjectReference] hostname:16 "
        "subdomain:17 schedulerName:19 initContainers:20=[Container] automountServiceAccountToken:21=bool "
        "priorityClassName:24"
    ),
    "PodTemplateSpec": "metadata:1=ObjectMeta spec:2=PodSpec",
    "Pod": "metadata:1=ObjectMeta spec:2=PodSpec status:3=-",
    "RollingUpdateDeployment": "maxUnavailable:1=IntOrString maxSurge:2=IntOrString",
    "DeploymentStrategy": "type:1 rollingUpdate:2=RollingUpdateDeployment",
    "DeploymentSpec": (
        "replicas:1=int32 selector:2=LabelSelector template:3=PodTemplateSpec strategy:4=DeploymentStrategy "
        "minReadySeconds:5=int32 revisionHistoryLimit:6=int32 paused:7=bool progressDeadlineSeconds:9=int32"
    ),
    "Deployment": "metadata:1=ObjectMeta spec:2=DeploymentSpec status:3=-",
    "JobSpec": (
        "parallelism:1=int32 completions:2=int32 activeDeadlineSeconds:3=int64 selector:4=LabelSelector "
        "manualSelector:5=bool template:6=PodTemplateSpec backoffLimit:7=int32 "
        "ttlSecondsAfterFinished:8=int32 completionMode:9 suspend:10=bool"
    ),
    "Job": "metadata:1=ObjectMeta spec:2=JobSpec status:3=-",
    "JobTemplateSpec": "metadata:1=ObjectMeta spec:2=JobSpec",
    "CronJobSpec": (
        "schedule:1 startingDeadlineSeconds:2=int64 concurrencyPolicy:3 suspend:4=bool "
        "jobTemplate:5=JobTemplateSpec successfulJobsHistoryLimit:6=int32 failedJobsHistoryLimit:7=int32 "
        "timeZone:8"
    ),
    "CronJob": "metadata:1=ObjectMeta spec:2=CronJobSpec status:3=-",
    "ServicePort": "name:1 protocol:2 port:3=int32 targetPort:4=IntOrString nodePort:5=int32 appProtocol:6",
    "ServiceSpec": (
        "ports:1=[ServicePort] selector:2=map clusterIP:3 type:4 externalIPs:5=[string] sessionAffinity:7 "
        "loadBalancerIP:8 loadBalancerSourceRanges:9=[string] externalName:10 externalTrafficPolicy:11 "
        "healthCheckNodePort:12=int32 publishNotReadyAddresses:13=bool clusterIPs:18=[string]"
    ),
    "Service": "metadata:1=ObjectMeta spec:2=ServiceSpec status:3=-",
    "PolicyRule": (
        "verbs:1=[string] apiGroups:2=[string] resources:3=[string] resourceNames:4=[string] "
        "nonResourceURLs:5=[string]"
    ),
    "Role": "metadata:1=ObjectMeta rules:2=[PolicyRule]",
    "AggregationRule": "clusterRoleSelectors:1=[LabelSelector]",
    "ClusterRole": "metadata:1=ObjectMeta rules:2=[PolicyRule] aggregationRule:3=AggregationRule",
    "Subject": "kind:1 apiGroup:2 name:3 namespace:4",
    "RoleRef": "apiGroup:1 kind:2 name:3",
    "RoleBinding": "metadata:1=ObjectMeta subjects:2=[Subject] roleRef:3=RoleRef",
    "ClusterRoleBinding": "metadata:1=ObjectMeta subjects:2=[Subject] roleRef:3=RoleRef",
    "ResourceAttributes": "namespace:1 verb:2 group:3 version:4 resource:5 subresource:6 name:7",
    "NonResourceAttributes": "path:1 verb:2",
    "SelfSubjectAccessReviewSpec": (
        "resourceAttributes:1=ResourceAttributes nonResourceAttributes:2=NonResourceAttributes"
    ),
    "SelfSubjectAccessReview": "metadata:1=ObjectMeta spec:2=SelfSubjectAccessReviewSpec status:3=-",
    "SubjectAccessReviewSpec": (
        "resourceAttributes:1=ResourceAttributes nonResourceAttributes:2=NonResourceAttributes user:3 "
        "groups:4=[string] uid:6"
    ),
    "SubjectAccessReview": "metadata:1=ObjectMeta spec:2=SubjectAccessReviewSpec status:3=-",
    "LocalSubjectAccessReview": "metadata:1=ObjectMeta spec:2=SubjectAccessReviewSpec status:3=-",
    "SelfSubjectRulesReviewSpec": "namespace:1",
    "SelfSubjectRulesReview": "metadata:1=ObjectMeta spec:2=SelfSubjectRulesReviewSpec status:3=-",
    "SelfSubjectReview": "metadata:1=ObjectMeta status:2=-",
    "TokenRequestSpec": "audiences:1=[string] boundObjectRef:3=ObjectReference expirationSeconds:4=int64",
    "TokenRequest": "metadata:1=ObjectMeta spec:2=TokenRequestSpec status:3=-",
    "CrossVersionObjectReference": "kind:1 name:2 apiVersion:3",
    "HorizontalPodAutoscalerSpec": (
        "scaleTargetRef:1=CrossVersionObjectReference minReplicas:2=int32 maxReplicas:3=int32 "
        "targetCPUUtilizationPercentage:4=int32"
    ),
    "HorizontalPodAutoscaler": "metadata:1=ObjectMeta spec:2=HorizontalPodAutoscalerSpec status:3=-",
    "MetricTarget": "type:1 value:2=Quantity averageValue:3=Quantity averageUtilization:4=int32",
    "ResourceMetricSource": "name:1 target:2=MetricTarget",
    "MetricSpec": "type:1 resource:4=ResourceMetricSource",
    "HorizontalPodAutoscalerV2Spec": (
        "scaleTargetRef:1=CrossVersionObjectReference minReplicas:2=int32 maxReplicas:3=int32 metrics:4=[MetricSpec]"
    ),
    "HorizontalPodAutoscalerV2": "metadata:1=ObjectMeta spec:2=HorizontalPodAutoscalerV2Spec status:3=-",
    "ResourceQuotaSpec": "hard:1=map<Quantity> scopes:2=[string]",
    "ResourceQuota": "metadata:1=ObjectMeta spec:2=ResourceQuotaSpec status:3=-",
    "PodDisruptionBudgetSpec": (
        "minAvailable:1=IntOrString selector:2=LabelSelector maxUnavailable:3=IntOrString "
        "unhealthyPodEvictionPolicy:4"
    ),
    "PodDisruptionBudget": "metadata:1=ObjectMeta spec:2=PodDisruptionBudgetSpec status:3=-",
    "ServiceBackendPort": "name:1 number:2=int32",
    "IngressServiceBackend": "name:1 port:2=ServiceBackendPort",
    "TypedLocalObjectReference": "apiGroup:1 kind:2 name:3",
    "IngressBackend": "resource:3=TypedLocalObjectReference service:4=IngressServiceBackend",
    "HTTPIngressPath": "path:1 backend:2=IngressBackend pathType:3",
    "HTTPIngressRuleValue": "paths:1=[HTTPIngressPath]",
    "IngressRuleValue": "http:1=HTTPIngressRuleValue",
    "IngressRule": "host:1 value:2=IngressRuleValue",
    "IngressTLS": "hosts:1=[string] secretName:2",
    "IngressSpec": (
        "defaultBackend:1=IngressBackend tls:2=[IngressTLS] rules:3=[IngressRule] ingressClassName:4"
    ),
    "Ingress": "metadata:1=ObjectMeta spec:2=IngressSpec status:3=-",
    "PriorityClass": (
        "metadata:1=ObjectMeta value:2=int32 globalDefault:3=bool description:4 preemptionPolicy:5"
    ),
    "Eviction": "metadata:1=ObjectMeta deleteOptions:2=DeleteOptions",
}
"""Message -> its fields as `name:number` (a string) or `name:number=type`; `[T]` repeats, `map<T>` has
string keys, `-` is not read (what only the server writes)."""

SCALARS: dict[str, descriptor_pb2.FieldDescriptorProto.Type.ValueType] = {
    "string": Proto.TYPE_STRING,
    "bytes": Proto.TYPE_BYTES,
    "-": Proto.TYPE_BYTES,
    "int32": Proto.TYPE_INT32,
    "int64": Proto.TYPE_INT64,
    "bool": Proto.TYPE_BOOL,
}
VERSIONED = {("autoscaling/v2", "HorizontalPodAutoscaler"): "HorizontalPodAutoscalerV2"}
"""Kinds whose versions are numbered differently."""

INLINED = frozenset({"IngressRuleValue"})
"""Messages whose fields stand in JSON beside those of what they are part of."""

EMPTY_MEANS_SET = frozenset(
    [
        "replicas",
        "backoffLimit",
        "parallelism",
        "completions",
        "gracePeriodSeconds",
        "expirationSeconds",
        "controller",
        "ttlSecondsAfterFinished",
        "terminationGracePeriodSeconds",
        "automountServiceAccountToken",
        "minReplicas",
        "successfulJobsHistoryLimit",
        "failedJobsHistoryLimit",
        "immutable",
        "orphanDependents",
        "revisionHistoryLimit",
    ]
)
"""Fields that are pointers in Go: a zero that was sent is meant. All others are always sent, zero or not."""


def decode(body: bytes) -> Object:
    """The object in a protobuf body, as JSON would have it.

    Raises: ApiError 415 for a kind that the table lacks, 400 for a body that is none.
    """
    if not body.startswith(MAGIC):
        raise bad_request(
            "provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]"
        )
    envelope = _parse("Unknown", body[len(MAGIC) :])
    outer: Any = envelope
    kind, api_version = outer.typeMeta.kind, outer.typeMeta.apiVersion
    name = VERSIONED.get((api_version, kind), kind)
    if name not in MESSAGES or ("metadata" not in MESSAGES[name] and name != "DeleteOptions"):
        raise unsupported_media_type(["application/json", "application/yaml"], f"{MEDIA_TYPE} of kind {kind}")
    return {"apiVersion": api_version, "kind": kind, **_plain(_parse(name, outer.raw))}


def _parse(name: str, body: bytes) -> Message:
    message = message_factory.GetMessageClass(_pool().FindMessageTypeByName(f"k8s.{name}"))()
    try:
        message.ParseFromString(body)
    except DecodeError as error:
        raise bad_request(f"unable to decode the protobuf body as {name}: {error}") from error
    return message


def _plain(message: Message) -> Object:
    """The message as the JSON form has it, without fields that only say they are empty."""
    strangers = unknown_fields.UnknownFieldSet(message)
    if len(strangers):
        name, number = message.DESCRIPTOR.name, strangers[0].field_number
        raise bad_request(f"field {number} of {name} is not read in protobuf by this server: send JSON")
    ignored = {f.partition(":")[0] for f in MESSAGES[message.DESCRIPTOR.name].split() if f.endswith("=-")}
    found: Object = {}
    for field, value in message.ListFields():
        if field.name in ignored:
            continue
        plain = _value(field, value)
        empty = plain in ("", 0, {}, []) and field.name not in EMPTY_MEANS_SET
        if field.message_type is not None and field.message_type.name in INLINED:
            found.update(plain)
        elif plain is not None and not empty:
            found[field.name] = plain
    return found


def _value(field: FieldDescriptor, value: Any) -> Any:
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        of = field.message_type.fields_by_name["value"]
        return {key: _scalar(of, value[key]) for key in sorted(value)}
    if field.is_repeated:
        return [_scalar(field, item) for item in value]
    return _scalar(field, value)


def _scalar(field: FieldDescriptor, value: Any) -> Any:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if field.message_type is None:
        return value
    if field.message_type.name == "Time":
        return timestamp(datetime.fromtimestamp(value.seconds, UTC)) if value.seconds else None
    if field.message_type.name == "Quantity":
        return value.string
    if field.message_type.name == "IntOrString":
        return value.strVal if value.type else value.intVal
    return _plain(value)


@cache
def _pool() -> descriptor_pool.DescriptorPool:
    file = descriptor_pb2.FileDescriptorProto(name="k8s.proto", package="k8s", syntax="proto2")
    for name, fields in MESSAGES.items():
        message = file.message_type.add(name=name)
        for field in fields.split():
            _add_field(message, *field.partition("=")[::2])
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return pool


def _add_field(message: descriptor_pb2.DescriptorProto, named: str, kind: str) -> None:
    name, _, number = named.partition(":")
    field = message.field.add(name=name, number=int(number), label=Proto.LABEL_OPTIONAL)
    if kind.startswith("map"):
        entry = message.nested_type.add(name=f"{name[0].upper()}{name[1:]}Entry")
        entry.options.map_entry = True
        key = entry.field.add(name="key", number=1, label=Proto.LABEL_OPTIONAL)
        key.type = Proto.TYPE_STRING
        value = entry.field.add(name="value", number=2, label=Proto.LABEL_OPTIONAL)
        _set_type(value, kind.removeprefix("map").strip("<>") or "string")
        field.label, kind = Proto.LABEL_REPEATED, f"{message.name}.{entry.name}"
    elif kind.startswith("["):
        field.label, kind = Proto.LABEL_REPEATED, kind.strip("[]")
    _set_type(field, kind or "string")


def _set_type(field: descriptor_pb2.FieldDescriptorProto, kind: str) -> None:
    scalar = SCALARS.get(kind)
    if scalar is not None:
        field.type = scalar
    else:
        field.type, field.type_name = Proto.TYPE_MESSAGE, f".k8s.{kind}"
