"""What the tests apply."""

APP = """
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, labels: {set: a}}
data: {a: "1"}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, labels: {set: a}}
spec:
  serviceName: db
  replicas: 2
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec:
      containers: [{name: db, image: "registry/db:v1", volumeMounts: [{name: data, mountPath: /data}]}]
  volumeClaimTemplates:
  - metadata: {name: data}
    spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
---
apiVersion: v1
kind: Service
metadata: {name: db, labels: {set: a}}
spec: {clusterIP: None, selector: {app: db}, ports: [{port: 5432}]}
"""
"""A database with its disks."""

CHANGED = APP.replace('a: "1"', 'a: "2"').replace("db:v1", "db:v2")

AGENT = """
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent}
spec:
  selector: {matchLabels: {app: agent}}
  template:
    metadata: {labels: {app: agent}}
    spec:
      nodeSelector: {kubernetes.io/hostname: worker-1}
      containers: [{name: agent, image: "registry/agent:v1"}]
"""

WIDGETS = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.{ns}.example.com}
spec:
  group: {ns}.example.com
  names: {plural: widgets, singular: widget, kind: Widget, shortNames: [wd], categories: [all]}
  scope: Namespaced
  versions:
  - name: v1
    served: true
    storage: true
    subresources: {status: {}, scale: {specReplicasPath: .spec.replicas, statusReplicasPath: .status.replicas}}
    additionalPrinterColumns:
    - {name: Size, type: integer, jsonPath: .spec.size}
    - {name: Colour, type: string, jsonPath: .spec.colour, priority: 1}
    - {name: Age, type: date, jsonPath: .metadata.creationTimestamp}
    selectableFields: [{jsonPath: .spec.colour}]
    schema:
      openAPIV3Schema:
        type: object
        description: A widget is a thing.
        required: [spec]
        properties:
          spec:
            type: object
            description: What is wanted.
            required: [size]
            properties:
              size: {type: integer, minimum: 1, description: How big it is.}
              colour: {type: string, default: red, enum: [red, green]}
              replicas: {type: integer, default: 1}
              name: {type: string, maxLength: 5, pattern: '^[a-z]+$'}
              tags: {type: array, maxItems: 2, items: {type: string}}
          status:
            type: object
            x-kubernetes-preserve-unknown-fields: true
            properties: {replicas: {type: integer}}
"""


def widget(**spec: object) -> str:
    """A Widget called w."""
    return f"apiVersion: {{ns}}.example.com/v1\nkind: Widget\nmetadata: {{name: w}}\nspec: {spec}\n"
