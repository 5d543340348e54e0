{{/*
Brings the database to the shape that this release expects, before any of its pods starts, as the database's owner: the
service's own role changes no table. Databases that this very release brings along cannot be there before it: then
the job runs beside it, and pods start again until it is done.
*/}}
{{- define "topdog.migration" -}}
{{- if .facts.stores -}}
{{- $spec := include "topdog.jobSpec" (dict "it" . "args" (list "dist/commands/migrate.js")) -}}
apiVersion: batch/v1
kind: Job
{{- include "topdog.jobMetadata" (dict "it" . "name" (printf "%s-migrate" .facts.service)) }}
spec:
  {{- $spec | nindent 2 }}
          env:
            - name: NODE_ENV
              value: {{ if include "topdog.isProduction" . }}production{{ else }}development{{ end }}
            - name: DATABASE_URL
              valueFrom:
                secretKeyRef:
                  name: {{ include "topdog.secretName" (dict "values" .values "name" (printf "%s-migration" .facts.service)) }}
                  key: DATABASE_URL
{{- end -}}
{{- end }}

{{- define "topdog.jobMetadata" }}
{{- $bundled := .it.root.Values.global.bundledEngines }}
metadata:
  name: {{ .name }}{{ if $bundled }}-{{ .it.root.Release.Revision }}{{ end }}
  labels:
    {{- include "topdog.labels" .it | nindent 4 }}
  {{- if not $bundled }}
  annotations:
    helm.sh/hook: pre-install,pre-upgrade
    helm.sh/hook-weight: "-5"
    helm.sh/hook-delete-policy: before-hook-creation
  {{- end }}
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
        securityContext:
          {{- include "topdog.containerSecurity" $it | nindent 10 }}
        resources:
          requests: { cpu: 20m, memory: 64Mi }
          limits: { memory: 256Mi }
{{- end }}
