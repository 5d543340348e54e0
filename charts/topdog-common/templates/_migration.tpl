{{/*
Brings the database to the shape that this release expects, before any of its pods starts, as the database's owner: the
service's own role changes no table.
*/}}
{{- define "topdog.migration" -}}
{{- if .facts.stores -}}
{{- $env := list
  (dict "name" "NODE_ENV" "value" (ternary "production" "development" (eq (include "topdog.isProduction" .) "yes")))
  (dict "name" "DATABASE_URL" "valueFrom" (dict "secretKeyRef" (dict
    "name" (include "topdog.secretName" (dict "values" .values "name" (printf "%s-migration" .facts.service)))
    "key" "DATABASE_URL")))
-}}
{{- $name := printf "%s-migrate" .facts.service -}}
{{- include "topdog.job" (dict "it" . "name" $name "args" (list "dist/commands/migrate.js") "env" $env) }}
{{- end -}}
{{- end }}

{{/*
A hook before each upgrade. The first installation may bring the bus, or the database of an operator, along: there the job is one of the
release's own, and pods start again until it is done. A hook after the installation would wait for `helm install --wait`, which waits for the
pods, which wait for the hook. An upgrade cannot tell bundled engines, which are emptied with their pods, from new ones: there the job stays
one of the release's own. Such a job is named by what it does: it runs once for each image and each `release`, and not again when another
service ships.
*/}}
{{- define "topdog.job" -}}
{{- $spec := include "topdog.jobSpec" . -}}
{{- $isHook := not (or .it.root.Values.global.bundledEngines .it.root.Release.IsInstall) -}}
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ .name }}{{ if not $isHook }}-{{ list $spec (toString .it.values.release) | toJson | sha256sum | trunc 10 }}{{ end }}
  labels:
    {{- include "topdog.labels" .it | nindent 4 }}
  {{- if $isHook }}
  annotations:
    helm.sh/hook: pre-upgrade
    helm.sh/hook-weight: "-5"
    helm.sh/hook-delete-policy: before-hook-creation
  {{- end }}
spec:
  {{- $spec | nindent 2 }}
{{- end }}

{{- define "topdog.jobSpec" -}}
{{- $it := .it -}}
backoffLimit: 6
activeDeadlineSeconds: 900
ttlSecondsAfterFinished: 86400
template:
  metadata:
    labels:
      app.kubernetes.io/name: topdog-job
      app.kubernetes.io/part-of: topdog
  spec:
    restartPolicy: OnFailure
    automountServiceAccountToken: false
    enableServiceLinks: false
    securityContext:
      {{- include "topdog.podSecurity" $it | nindent 6 }}
    containers:
      - name: job
        image: {{ include "topdog.image" $it }}
        imagePullPolicy: {{ $it.values.image.pullPolicy }}
        command: [node]
        args: {{ toJson .args }}
        env: {{ toJson .env }}
        securityContext:
          {{- include "topdog.containerSecurity" $it | nindent 10 }}
        resources:
          requests: { cpu: 20m, memory: 64Mi }
          limits: { memory: 256Mi }
{{- end }}
