{{/* The pod template without what changes when it is applied: its checksum says whether two releases run the same. */}}
{{- define "topdog.podTemplate" -}}
metadata:
  labels:
    {{- include "topdog.labels" . | nindent 4 }}
  {{- with .values.podAnnotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  {{- include "topdog.podSpec" . | nindent 2 }}
{{- end }}

{{- define "topdog.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "topdog.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{- define "topdog.podSpec" -}}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .root.Values.global.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  {{- include "topdog.podSecurity" . | nindent 2 }}
# Longer than what the service itself waits for: only a hung process is killed.
terminationGracePeriodSeconds: {{ add .values.shutdownGraceSeconds .values.drainSeconds 15 }}
topologySpreadConstraints:
  {{- range $key := list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
  - maxSkew: 1
    topologyKey: {{ $key }}
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "topdog.selector" $ | nindent 8 }}
    matchLabelKeys: [{{ if include "topdog.engine" $ }}rollouts-pod-template-hash{{ else }}pod-template-hash{{ end }}]
  {{- end }}
containers:
  - name: service
    image: {{ include "topdog.image" . }}
    imagePullPolicy: {{ .values.image.pullPolicy }}
    ports:
      {{- range $name, $port := .facts.ports }}
      - name: {{ $name }}
        containerPort: {{ $port }}
      {{- end }}
    env:
      {{- include "topdog.environment" . | nindent 6 }}
    {{- with .facts.secretFolders }}
    envFrom:
      {{- range . }}
      - secretRef:
          name: {{ include "topdog.secretName" (dict "values" $.values "name" .name) }}
          optional: {{ or .optional (not (include "topdog.isProduction" $)) }}
      {{- end }}
    {{- end }}
    securityContext:
      {{- include "topdog.containerSecurity" . | nindent 6 }}
    # Until it answers at all: it may wait for its database, its bus, and a spool that another process still holds.
    startupProbe:
      httpGet: { path: /livez, port: operations }
      periodSeconds: 1
      failureThreshold: 120
    readinessProbe:
      httpGet: { path: /readyz, port: operations }
      periodSeconds: 2
      timeoutSeconds: 2
      failureThreshold: 2
    livenessProbe:
      httpGet: { path: /livez, port: operations }
      periodSeconds: 10
      timeoutSeconds: 5
      failureThreshold: 6
    lifecycle:
      # New connections stop coming before the service stops taking them.
      preStop:
        sleep: { seconds: {{ .values.drainSeconds }} }
    resources:
      {{- toYaml .values.resources | nindent 6 }}
    volumeMounts:
      - name: tmp
        mountPath: /tmp
      {{- if .facts.spool }}
      - name: spool
        mountPath: /spool
      {{- end }}
      {{- if include "topdog.hasRoles" . }}
      - name: pod
        mountPath: /pod
        readOnly: true
      {{- end }}
volumes:
  - name: tmp
    emptyDir: { sizeLimit: 64Mi }
  {{- if .facts.spool }}
  - name: spool
    {{- if .values.spool.storageClass }}
    ephemeral:
      volumeClaimTemplate:
        spec:
          accessModes: [ReadWriteOnce]
          storageClassName: {{ .values.spool.storageClass }}
          resources:
            requests:
              storage: {{ .values.spool.size }}
    {{- else }}
    emptyDir: { sizeLimit: {{ .values.spool.size }} }
    {{- end }}
  {{- end }}
  {{- if include "topdog.hasRoles" . }}
  # The Rollout changes the label of the role while the pod lives, and this file with it.
  - name: pod
    downwardAPI:
      items:
        - path: labels
          fieldRef: { fieldPath: metadata.labels }
  {{- end }}
{{- end }}

{{/* Who takes events from the bus asks what it is in a release: a preview holds, a canary sips, what was replaced takes no more. */}}
{{- define "topdog.hasRoles" -}}
{{- if and .facts.durables (include "topdog.engine" .) }}yes{{ end -}}
{{- end }}

{{- define "topdog.environment" -}}
{{- $set := include "topdog.addresses" . | fromYaml -}}
{{- range $name, $value := .values.config }}{{ $_ := set $set $name $value }}{{ end -}}
{{- range $name := keys $set | sortAlpha }}
{{- $value := get $set $name }}
{{- if not (kindIs "invalid" $value) }}
- name: {{ $name }}
  value: {{ if kindIs "float64" $value }}{{ if eq $value (floor $value) }}{{ $value | int64 | quote }}{{ else }}{{ $value | quote }}{{ end }}{{ else }}{{ $value | toString | quote }}{{ end }}
{{- end }}
{{- end }}
{{- if .facts.spool }}
- name: ROUTER_ID
  valueFrom:
    fieldRef:
      fieldPath: metadata.name
{{- end }}
{{- range .facts.secrets }}
{{- $secret := . }}
{{- range .variables }}
- name: {{ . }}
  valueFrom:
    secretKeyRef:
      name: {{ include "topdog.secretName" (dict "values" $.values "name" $secret.name) }}
      key: {{ . }}
      {{- if $secret.optional }}
      optional: true
      {{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/* Where the service listens and whom it calls: what every release in a cluster has in common. */}}
{{- define "topdog.addresses" -}}
{{- $global := .root.Values.global -}}
HTTP_HOST: "0.0.0.0"
OPS_HOST: "0.0.0.0"
SHUTDOWN_GRACE_MS: {{ mul .values.shutdownGraceSeconds 1000 }}
{{- if .facts.bus }}
NATS_URL: {{ $global.natsUrl | quote }}
{{- end }}
{{- if include "topdog.hasRoles" . }}
POD_LABELS_FILE: /pod/labels
{{- end }}
{{- if and .facts.stores (include "topdog.isProduction" .) }}
NODE_ENV: production
{{- end }}
{{- if .facts.spool }}
SPOOL_DIR: /spool/usage
LINK_HOST: "0.0.0.0"
SPOOL_MAX_BYTES: {{ .values.spool.maxBytes | int64 }}
{{- end }}
{{- range $variable, $sibling := .facts.siblings }}
{{ $variable }}: http://{{ $sibling.service }}:{{ $sibling.port }}
{{- end }}
{{- with .facts.router }}
# Survives a restart of the container, as /tmp does.
LEASE_JOURNAL_DIR: /tmp/leases
{{- $groups := $.values.routerGroups }}
{{- if and $groups.enabled (include "topdog.engine" $) }}
ROUTER_URL: "link://{{ .service }}-stable:{{ .port }}?weight={{ sub 100 (int $groups.canaryPercent) }},link://{{ .service }}-canary:{{ .port }}?weight={{ $groups.canaryPercent }}"
{{- else }}
ROUTER_URL: "link://{{ .service }}:{{ .port }}"
{{- end }}
{{- end }}
{{- if .facts.usesPublicUrl }}
{{- with $global.publicUrl }}
PUBLIC_URL: {{ . | quote }}
{{- end }}
{{- end }}
{{- end }}
