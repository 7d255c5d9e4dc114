{{- /* All workloads, defaults merged in, as JSON: {name: spec}. */ -}}
{{- define "microservice.workloads" -}}
{{- $all := dict -}}
{{- range $name, $spec := merge (dict "web" .Values.web) .Values.workloads -}}
{{- $_ := set $all $name (mergeOverwrite (deepCopy $.Values.defaults) ($spec | default dict)) -}}
{{- end -}}
{{- toJson $all -}}
{{- end -}}
