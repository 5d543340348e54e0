{{- define "topdog.rollout" -}}
{{- if include "topdog.engine" . -}}
{{- $service := .facts.service -}}
{{- $delivery := .values.delivery -}}
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata:
  name: {{ $service }}
  labels:
    {{- include "topdog.labels" . | nindent 4 }}
spec:
  {{- if not .values.autoscaling.enabled }}
  replicas: {{ .values.replicas }}
  {{- end }}
  minReadySeconds: {{ $delivery.minReadySeconds }}
  revisionHistoryLimit: 10
  # Back to one of these without steps or analysis: `kubectl rollout undo` takes seconds.
  rollbackWindow: { revisions: 3 }
  progressDeadlineSeconds: {{ $delivery.progressDeadlineSeconds }}
  progressDeadlineAbort: true
  selector:
    matchLabels:
      {{- include "topdog.selector" . | nindent 6 }}
  workloadRef:
    apiVersion: apps/v1
    kind: Deployment
    name: {{ $service }}
    scaleDown: never
  strategy:
    {{- if eq $delivery.strategy "canary" }}
    canary:
      stableMetadata: { labels: { topdog.dev/role: stable } }
      canaryMetadata: { labels: { topdog.dev/role: canary } }
      maxSurge: 1
      maxUnavailable: 0
      {{- if or .facts.spool $delivery.httpRoute }}
      stableService: {{ $service }}-stable
      canaryService: {{ $service }}-canary
      {{- end }}
      {{- with $delivery.httpRoute }}
      trafficRouting:
        plugins:
          argoproj-labs/gatewayAPI: { httpRoute: {{ . }}, namespace: {{ $.root.Release.Namespace }} }
      {{- end }}
      steps:
        {{- range $delivery.weights }}
        - setWeight: {{ . }}
        {{- if ne $delivery.gates "none" }}
        - analysis:
            {{- include "topdog.gates" $ | nindent 12 }}
        {{- else }}
        - pause: { duration: {{ $delivery.pauseSeconds | int }} }
        {{- end }}
        {{- end }}
    {{- else }}
    blueGreen:
      # Until the last analysis is passed the old pods take the events; a pod that was replaced has no role.
      activeMetadata: { labels: { topdog.dev/role: active } }
      previewMetadata: { labels: { topdog.dev/role: preview } }
      activeService: {{ $service }}
      previewService: {{ $service }}-preview
      autoPromotionEnabled: true
      # The old version stands by for this long: switching back is at once.
      scaleDownDelaySeconds: {{ $delivery.standBySeconds }}
      {{- if ne $delivery.gates "none" }}
      prePromotionAnalysis:
        templates: [{ templateName: {{ $service }}-preview }]
      postPromotionAnalysis:
        {{- include "topdog.gates" . | nindent 8 }}
      {{- end }}
    {{- end }}
{{- if ne $delivery.gates "none" }}
{{- if eq $delivery.strategy "blueGreen" }}
---
{{ include "topdog.previewCheck" . }}
{{- end }}
---
{{ $file := printf "generated/gates-%s.yml" $delivery.gates }}
{{- $gates := .root.Files.Get $file }}
{{- if not $gates }}{{ fail (printf "%s: %s is missing from the chart: npm run generate writes it" $service $file) }}{{ end }}
{{- $gates | trimPrefix "---\n" }}
{{- end }}
{{- end -}}
{{- end }}

{{- define "topdog.gates" -}}
templates:
  - templateName: {{ .facts.service }}-gates
  {{- if .values.delivery.evaluators }}
  - templateName: {{ .facts.service }}-answer-gates
  {{- end }}
args:
  - name: revision
    valueFrom: { podTemplateHashValue: Latest }
  - name: stable
    valueFrom: { podTemplateHashValue: Stable }
  - name: prometheus
    value: {{ .values.delivery.prometheus }}
{{- end }}

{{/* No one calls a preview: what can be known of it is that it is healthy and answers. */}}
{{- define "topdog.previewCheck" -}}
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata:
  name: {{ .facts.service }}-preview
  labels:
    {{- include "topdog.labels" . | nindent 4 }}
spec:
  metrics:
    - name: preview-answers
      provider:
        job:
          spec:
            backoffLimit: 2
            activeDeadlineSeconds: 60
            ttlSecondsAfterFinished: 600
            template:
              {{- include "topdog.checkPod" (merge (dict "host" (printf "%s-preview" .facts.service)) .) | nindent 14 }}
{{- end }}

{{/* A pod that asks a service whether it is well, by the service's own image. */}}
{{- define "topdog.checkPod" -}}
metadata:
  labels:
    app.kubernetes.io/name: topdog-check
    app.kubernetes.io/part-of: topdog
spec:
  restartPolicy: Never
  automountServiceAccountToken: false
  enableServiceLinks: false
  securityContext:
    {{- include "topdog.podSecurity" . | nindent 4 }}
  containers:
    - name: check
      image: {{ include "topdog.image" . }}
      imagePullPolicy: {{ .values.image.pullPolicy }}
      command: [node, -e]
      args:
        - |
          const url = "http://{{ .host }}:{{ .facts.ports.operations }}/readyz";
          const ask = async () => (await fetch(url, { signal: AbortSignal.timeout(3000) })).status;
          for (let attempt = 1; attempt <= 10; attempt += 1) {
            const status = await ask().catch((error) => error.cause?.code ?? error.name);
            console.log(`${url}: ${status}`);
            if (status === 200) process.exit(0);
            await new Promise((resolve) => setTimeout(resolve, 1000));
          }
          process.exit(1);
      securityContext:
        {{- include "topdog.containerSecurity" . | nindent 8 }}
      resources:
        requests: { cpu: 10m, memory: 48Mi }
        limits: { memory: 128Mi }
{{- end }}

{{- define "topdog.test" -}}
apiVersion: v1
kind: Pod
{{- $pod := include "topdog.checkPod" (merge (dict "host" .facts.service) .) | fromYaml }}
metadata:
  name: {{ .facts.service }}-test
  labels:
    {{- toYaml $pod.metadata.labels | nindent 4 }}
  annotations:
    helm.sh/hook: test
    helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
spec:
  {{- toYaml $pod.spec | nindent 2 }}
{{- end }}

{{/*
`kubectl rollout undo` goes to the second newest template of the history. So that this is always the last good one:
a new release is taken only while the current one is promoted, and what was undone does not come back by a second undo.
*/}}
{{- define "topdog.undoGuard" -}}
{{- if and .values.delivery.undoGuard (include "topdog.engine" .) -}}
{{- $name := printf "%s-%s-release-order" .root.Release.Namespace .facts.service -}}
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata:
  name: {{ $name }}
  labels:
    {{- include "topdog.labels" . | nindent 4 }}
spec:
  failurePolicy: Fail
  paramKind: { apiVersion: argoproj.io/v1alpha1, kind: Rollout }
  matchConstraints:
    namespaceSelector:
      matchLabels: { kubernetes.io/metadata.name: {{ .root.Release.Namespace }} }
    resourceRules:
      - apiGroups: [apps]
        apiVersions: [v1]
        resources: [deployments]
        operations: [UPDATE]
        resourceNames: [{{ .facts.service }}]
  variables:
    - name: before
      expression: "oldObject.spec.template.metadata.?annotations['topdog.dev/template'].orValue('')"
    - name: wanted
      expression: "object.spec.template.metadata.?annotations['topdog.dev/template'].orValue('')"
    - name: beforeNumber
      expression: "int(oldObject.spec.template.metadata.?annotations['topdog.dev/sequence'].orValue('0'))"
    - name: wantedNumber
      expression: "int(object.spec.template.metadata.?annotations['topdog.dev/sequence'].orValue('0'))"
    - name: applied
      expression: "object.metadata.?labels['topdog.dev/applied'].orValue('')"
    # Undo changes the template alone; a release changes the label with it.
    - name: isRelease
      expression: "variables.applied != oldObject.metadata.?labels['topdog.dev/applied'].orValue('')"
    - name: stable
      expression: "params.?status.stableRS.orValue('')"
    - name: isPromoted
      expression: "variables.stable == '' || (variables.stable == params.?status.currentPodHash.orValue('') && !params.?status.abort.orValue(false))"
  validations:
    - expression: "variables.wanted == variables.before || variables.isRelease || variables.wantedNumber <= variables.beforeNumber"
      message: "undo goes back, never forward: the newer release was taken back already. Ship it again with helm upgrade and a new `release` value."
    - expression: "variables.wanted == variables.before || variables.isRelease || variables.wanted != variables.applied"
      message: "this release was taken back already: undo its values too (helm rollback), or ship it again with a new `release` value."
    - expression: "variables.wanted == variables.before || !variables.isRelease || variables.isPromoted"
      message: "the last release is not promoted: wait for it, or take it back first with kubectl rollout undo deployment {{ .facts.service }}."
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata:
  name: {{ $name }}
  labels:
    {{- include "topdog.labels" . | nindent 4 }}
spec:
  policyName: {{ $name }}
  validationActions: [Deny]
  paramRef:
    name: {{ .facts.service }}
    namespace: {{ .root.Release.Namespace }}
    # Before the first Rollout there is nothing to undo.
    parameterNotFoundAction: Allow
{{- end -}}
{{- end }}
