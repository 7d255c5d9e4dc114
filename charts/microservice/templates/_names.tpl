{{- /* The start of every object's name. */ -}}
{{- define "microservice.fullname" -}}
{{- .Values.fullnameOverride | default .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{- /* A workload's name; the main one is `web`. Takes root and name. */ -}}
{{- define "microservice.workload" -}}
{{- $full := include "microservice.fullname" .root -}}
{{- if eq .name "web" }}{{ $full }}{{ else }}{{ printf "%s-%s" $full .name | trunc 63 | trimSuffix "-" }}{{ end -}}
{{- end -}}

{{- define "microservice.serviceAccount" -}}
{{- $made := ternary (include "microservice.fullname" .) "default" .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default $made -}}
{{- end -}}

{{- /* What a workload's pods are found by; it must never change. Takes root and name. */ -}}
{{- define "microservice.selector" -}}
app.kubernetes.io/name: {{ include "microservice.fullname" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .name }}
{{- end -}}

{{- /* Labels of every object. They say nothing of the image, so that a new version touches only workloads. */ -}}
{{- define "microservice.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/name: {{ include "microservice.fullname" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

{{- /* The tag as a label; a digest alone has none. */ -}}
{{- define "microservice.version" -}}
{{- with .Values.image.tag -}}
app.kubernetes.io/version: {{ regexReplaceAll "[^A-Za-z0-9._-]" . "_" | trunc 63 | trimAll "._-" | quote }}
{{- end -}}
{{- end -}}

{{- define "microservice.image" -}}
{{- $image := .Values.image -}}
{{- $repository := required "image.repository is missing: which image should run?" $image.repository -}}
{{- if not (or $image.tag $image.digest) }}{{ fail "image.tag is missing: which version should run? (image.digest alone would do)" }}{{ end -}}
{{- $repository }}{{ with $image.tag }}:{{ . }}{{ end }}{{ with $image.digest }}@{{ . }}{{ end -}}
{{- end -}}
