{{- /* What the chart itself knows, laid over the user's configuration. */ -}}
{{- define "pilothouse.own" -}}
listen: 0.0.0.0:8081
{{- if .Values.store.database.existingSecret }}
store: ${PILOTHOUSE_STORE}
store_key_file: /run/secrets/store/store.key
{{- else }}
store: sqlite:////var/lib/pilothouse/pilothouse.db
{{- end }}
{{- end -}}

{{- /* All files of the configuration, by their paths, as JSON. */ -}}
{{- define "pilothouse.files" -}}
{{- if not .Values.config }}{{ fail "config is missing: what may be deployed where, and by whom?" }}{{ end -}}
{{- $own := dict "config.yaml" (toYaml .Values.config) "chart.yaml" (include "pilothouse.own" .) -}}
{{- toJson (merge $own .Values.files) -}}
{{- end -}}
