{{- /* One workload. Takes root, name and spec (complete: defaults merged in). */ -}}
{{- define "microservice.deployment" -}}
{{- $config := include "microservice.config" .root -}}
{{- $secrets := include "microservice.secrets" .root -}}
{{- $full := include "microservice.fullname" .root -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "microservice.workload" . }}
  labels:
    {{- include "microservice.labels" .root | nindent 4 }}
    {{- with include "microservice.version" .root }}
    {{- . | nindent 4 }}
    {{- end }}
    app.kubernetes.io/component: {{ .name }}
spec:
  {{- if not .spec.autoscaling }}
  replicas: {{ .spec.replicas }}
  {{- end }}
  revisionHistoryLimit: 5
  progressDeadlineSeconds: {{ .spec.progressDeadlineSeconds }}
  strategy:
    type: {{ .spec.strategy.type }}
    {{- if eq .spec.strategy.type "RollingUpdate" }}
    rollingUpdate: {{- toYaml .spec.strategy.rollingUpdate | nindent 6 }}
    {{- end }}
  selector:
    matchLabels: {{- include "microservice.selector" . | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "microservice.selector" . | nindent 8 }}
        {{- with include "microservice.version" .root }}
        {{- . | nindent 8 }}
        {{- end }}
      annotations:
        checksum/environment: {{ printf "%s\n%s" $config $secrets | sha256sum }}
        {{- with .spec.podAnnotations }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
    spec:
      {{- $account := include "microservice.serviceAccount" .root }}
      {{- $pod := dict "root" .root "account" $account "tmpSize" .spec.tmpSize "volumes" .spec.volumes }}
      {{- include "microservice.pod" $pod | nindent 6 }}
      terminationGracePeriodSeconds: {{ .spec.terminationGracePeriodSeconds }}
      topologySpreadConstraints:
        - maxSkew: 1
          topologyKey: kubernetes.io/hostname
          whenUnsatisfiable: ScheduleAnyway
          labelSelector:
            matchLabels: {{- include "microservice.selector" . | nindent 14 }}
      {{- with .spec.nodeSelector }}
      nodeSelector: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with .spec.tolerations }}
      tolerations: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with .spec.affinity }}
      affinity: {{- toYaml . | nindent 8 }}
      {{- end }}
      containers:
        - name: {{ .name }}
          {{- include "microservice.container" (merge (dict "root" .root) .spec) | nindent 10 }}
          {{- with .spec.port }}
          ports:
            - name: http
              containerPort: {{ . }}
              protocol: TCP
          {{- end }}
          {{- with .spec.env }}
          env: {{- include "microservice.env" . | nindent 12 }}
          {{- end }}
          {{- if or $config $secrets }}
          envFrom:
            {{- if $config }}
            - configMapRef: {name: {{ $full }}-env}
            {{- end }}
            {{- if $secrets }}
            - secretRef: {name: {{ $full }}-env}
            {{- end }}
          {{- end }}
          {{- with .spec.startupProbe }}
          startupProbe: {{- toYaml . | nindent 12 }}
          {{- end }}
          {{- with .spec.readinessProbe }}
          readinessProbe: {{- toYaml . | nindent 12 }}
          {{- else }}
          {{- if .spec.port }}
          readinessProbe:
            tcpSocket: {port: http}
            periodSeconds: 5
          {{- end }}
          {{- end }}
          {{- with .spec.livenessProbe }}
          livenessProbe: {{- toYaml . | nindent 12 }}
          {{- end }}
{{- end -}}
