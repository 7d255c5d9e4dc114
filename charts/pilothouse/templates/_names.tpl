{{- /* The name of every object. */ -}}
{{- define "pilothouse.fullname" -}}
{{- .Values.fullnameOverride | default .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{- define "pilothouse.serviceAccount" -}}
{{- $made := ternary (include "pilothouse.fullname" .) "default" .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default $made -}}
{{- end -}}

{{- /* What the pod is found by; it must never change. */ -}}
{{- define "pilothouse.selector" -}}
app.kubernetes.io/name: {{ include "pilothouse.fullname" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- /* Labels of every object. They say nothing of the image, so that a new version touches only the Deployment. */ -}}
{{- define "pilothouse.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "pilothouse.selector" . }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

{{- define "pilothouse.image" -}}
{{- $repository := required "image.repository is missing: where did you push the bot's image?" .Values.image.repository -}}
{{- $repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}{{ with .Values.image.digest }}@{{ . }}{{ end -}}
{{- end -}}

{{- /* A file's path as a key of a ConfigMap. */ -}}
{{- define "pilothouse.key" -}}
{{- . | replace "/" "__" -}}
{{- end -}}
