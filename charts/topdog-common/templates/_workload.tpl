{{- define "topdog.deployment" -}}
{{- $template := include "topdog.podTemplate" . | fromYaml -}}
{{/* Two releases with the same checksum run the same. Only another one gets another number: the services of an umbrella ship by themselves. */}}
{{- $checksum := toJson (list $template (toString .values.release)) | sha256sum | trunc 40 -}}
{{- $sequence := toString .root.Release.Revision -}}
{{- $live := lookup "apps/v1" "Deployment" .root.Release.Namespace .facts.service -}}
{{- $had := dig "spec" "template" "metadata" "annotations" (dict) $live -}}
{{- if eq (get $had "topdog.dev/template") $checksum }}{{ $sequence = get $had "topdog.dev/sequence" }}{{ end -}}
{{- $own := dict "topdog.dev/template" $checksum "topdog.dev/sequence" $sequence "topdog.dev/release" (toString .values.release) -}}
{{- $_ := set $template.metadata "annotations" (merge $own (get $template.metadata "annotations" | default dict)) -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .facts.service }}
  labels:
    {{- include "topdog.labels" . | nindent 4 }}
    # What Helm applied last. `kubectl rollout undo` changes the template and never this: the two are compared.
    topdog.dev/applied: {{ $checksum | quote }}
spec:
  {{- if include "topdog.engine" . }}
  # The Rollout runs the pods; this keeps their template, and the history that `kubectl rollout undo` reads.
  replicas: 0
  {{- else if not .values.autoscaling.enabled }}
  replicas: {{ .values.replicas }}
  {{- end }}
  revisionHistoryLimit: 10
  progressDeadlineSeconds: {{ .values.delivery.progressDeadlineSeconds }}
  strategy:
    type: RollingUpdate
    rollingUpdate: { maxUnavailable: 0, maxSurge: 1 }
  selector:
    matchLabels:
      {{- include "topdog.selector" . | nindent 6 }}
  template:
    {{- toYaml $template | nindent 4 }}
{{- end }}

{{- define "topdog.services" -}}
{{- $names := list .facts.service -}}
{{- if include "topdog.engine" . }}
{{- if eq .values.delivery.strategy "blueGreen" }}{{ $names = append $names (printf "%s-preview" .facts.service) }}{{ end }}
{{- if and (eq .values.delivery.strategy "canary") (or .facts.spool .values.delivery.httpRoute) }}
{{- $names = concat $names (list (printf "%s-stable" .facts.service) (printf "%s-canary" .facts.service)) }}
{{- end }}
{{- end }}
{{- range $index, $name := $names }}
{{- if $index }}
---
{{ end }}
apiVersion: v1
kind: Service
metadata:
  name: {{ $name }}
  labels:
    {{- include "topdog.labels" $ | nindent 4 }}
spec:
  {{- $live := lookup "v1" "Service" $.root.Release.Namespace $name }}
  {{- if or $.facts.spool (and (eq $name $.facts.service) (not $.facts.public) (not $.values.delivery.httpRoute)) }}
  # A gateway finds out by itself which of them answers: it needs their addresses, not one that stands for all. Kubernetes takes
  # an address from no Service that has one, and would refuse the upgrade: such a Service keeps it until somebody deletes it.
  clusterIP: {{ dig "spec" "clusterIP" "None" $live }}
  {{- end }}
  selector:
    {{- include "topdog.selector" $ | nindent 4 }}
    {{- /* The Rollout points a Service to a revision. A selector is replaced whole: without this an upgrade would take that
    away, and Argo takes a Service that points nowhere for a first install, which it promotes without any analysis. */}}
    {{- if include "topdog.engine" $ }}
    {{- with dig "spec" "selector" "rollouts-pod-template-hash" "" $live }}
    rollouts-pod-template-hash: {{ . | quote }}
    {{- end }}
    {{- end }}
  ports:
    {{- range $port, $number := $.facts.ports }}
    - name: {{ $port }}
      port: {{ $number }}
      targetPort: {{ $port }}
    {{- end }}
{{- end }}
{{- end }}

{{- define "topdog.disruption" -}}
{{- if or (gt (int .values.replicas) 1) .values.autoscaling.enabled -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ .facts.service }}
  labels:
    {{- include "topdog.labels" . | nindent 4 }}
spec:
  maxUnavailable: 1
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels:
      {{- include "topdog.selector" . | nindent 6 }}
{{- end -}}
{{- end }}

{{- define "topdog.scaleTarget" -}}
{{- if include "topdog.engine" . -}}
apiVersion: argoproj.io/v1alpha1
kind: Rollout
{{- else -}}
apiVersion: apps/v1
kind: Deployment
{{- end }}
name: {{ .facts.service }}
{{- end }}

{{- define "topdog.scaling" -}}
{{- $auto := .values.autoscaling -}}
{{- if $auto.enabled -}}
{{- if and (eq $auto.engine "keda") (not .facts.durables) -}}
{{- fail (printf "%s consumes nothing: autoscaling.engine keda has nothing to measure, use hpa" .facts.service) -}}
{{- end -}}
{{- if eq $auto.engine "keda" -}}
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata:
  name: {{ .facts.service }}
  labels:
    {{- include "topdog.labels" . | nindent 4 }}
spec:
  scaleTargetRef:
    {{- include "topdog.scaleTarget" . | nindent 4 }}
  minReplicaCount: {{ $auto.min }}
  maxReplicaCount: {{ $auto.max }}
  # Longer than a canary takes: one version must not shrink because the other one works.
  advanced:
    horizontalPodAutoscalerConfig:
      behavior:
        scaleDown: { stabilizationWindowSeconds: 1800 }
  triggers:
    {{- range .facts.durables }}
    - type: nats-jetstream
      metadata:
        natsServerMonitoringEndpoint: {{ $.root.Values.global.natsMonitoring | quote }}
        account: $G
        stream: {{ .stream }}
        consumer: {{ .name }}
        lagThreshold: {{ $auto.lag | quote }}
    {{- end }}
    - type: cpu
      metricType: Utilization
      metadata: { value: {{ $auto.cpuPercent | quote }} }
{{- else -}}
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: {{ .facts.service }}
  labels:
    {{- include "topdog.labels" . | nindent 4 }}
spec:
  scaleTargetRef:
    {{- include "topdog.scaleTarget" . | nindent 4 }}
  minReplicas: {{ $auto.min }}
  maxReplicas: {{ $auto.max }}
  behavior:
    scaleDown: { stabilizationWindowSeconds: 1800 }
  metrics:
    - type: Resource
      resource:
        name: cpu
        target: { type: Utilization, averageUtilization: {{ $auto.cpuPercent }} }
{{- end -}}
{{- end -}}
{{- end }}

{{- define "topdog.monitor" -}}
{{- if .root.Capabilities.APIVersions.Has "monitoring.coreos.com/v1/PodMonitor" -}}
apiVersion: monitoring.coreos.com/v1
kind: PodMonitor
metadata:
  name: {{ .facts.service }}
  labels:
    {{- include "topdog.labels" . | nindent 4 }}
spec:
  selector:
    matchLabels:
      {{- include "topdog.selector" . | nindent 6 }}
  podMetricsEndpoints:
    - port: operations
      honorLabels: true
      interval: 15s
      relabelings:
        - { targetLabel: job, replacement: topdog }
        - { sourceLabels: [__meta_kubernetes_pod_label_app_kubernetes_io_name], targetLabel: service }
        - { sourceLabels: [__meta_kubernetes_pod_label_pod_template_hash], regex: "(.+)", targetLabel: revision }
        - { sourceLabels: [__meta_kubernetes_pod_label_rollouts_pod_template_hash], regex: "(.+)", targetLabel: revision }
{{- end -}}
{{- if .root.Capabilities.APIVersions.Has "monitoring.coreos.com/v1/PrometheusRule" }}
{{- range $suffix, $file := dict "alerts" "generated/rules.yml" "gates" "generated/gate-rules-production.yml" }}
{{- with $.root.Files.Get $file }}
---
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: {{ $.facts.service }}-{{ $suffix }}
  labels:
    {{- include "topdog.labels" $ | nindent 4 }}
spec:
  {{- . | nindent 2 }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
