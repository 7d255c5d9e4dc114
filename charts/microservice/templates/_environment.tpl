{{- /* The plain environment as a YAML mapping of strings. */ -}}
{{- define "microservice.config" -}}
{{- $all := dict -}}
{{- range $key, $name := dict "host" "DB_HOST" "port" "DB_PORT" "name" "DB_NAME" "user" "DB_USER" -}}
{{- with get $.Values.db $key }}{{ $_ := set $all $name (toString .) }}{{ end -}}
{{- end -}}
{{- range $name, $value := .Values.config }}{{ $_ := set $all $name (toString $value) }}{{ end -}}
{{- if $all }}{{ toYaml $all }}{{ end -}}
{{- end -}}

{{- /* The secret environment as a YAML mapping of base64. */ -}}
{{- define "microservice.secrets" -}}
{{- $all := dict -}}
{{- with .Values.db.password }}{{ $_ := set $all "DB_PASSWORD" (toString . | b64enc) }}{{ end -}}
{{- range $name, $value := .Values.secrets }}{{ $_ := set $all $name (toString $value | b64enc) }}{{ end -}}
{{- if $all }}{{ toYaml $all }}{{ end -}}
{{- end -}}

{{- /* A mapping as a list of env entries. */ -}}
{{- define "microservice.env" -}}
{{- range $name, $value := . }}
- name: {{ $name }}
  value: {{ toString $value | quote }}
{{- end -}}
{{- end -}}
