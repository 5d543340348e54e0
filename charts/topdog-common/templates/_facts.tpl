{{/*
Every template below takes one dict, `it`:
  root    the chart's own top scope
  facts   facts.json of the service: written by `npm run generate` from the code, never by hand
  values  the service's values
*/}}

{{- define "topdog.service" -}}
{{- $it := dict "root" . "facts" (.Files.Get "facts.json" | fromJson) "values" .Values -}}
{{- include "topdog.refuseWeak" $it -}}
{{- $parts := list "topdog.deployment" "topdog.services" "topdog.disruption" "topdog.networkPolicy" "topdog.scaling" "topdog.rollout" "topdog.undoGuard" "topdog.monitor" "topdog.migration" "topdog.test" -}}
{{- range $part := $parts }}
{{- $text := include $part $it | trim }}
{{- if $text }}
---
{{ $text }}
{{- end }}
{{- end }}
{{- end }}

{{- define "topdog.selector" -}}
app.kubernetes.io/name: {{ .facts.service }}
{{- end }}

{{- define "topdog.labels" -}}
app.kubernetes.io/name: {{ .facts.service }}
app.kubernetes.io/part-of: topdog
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- end }}

{{- define "topdog.isProduction" -}}
{{- if ne .root.Values.global.mode "evaluation" }}yes{{ end }}
{{- end }}

{{/* Which machinery moves traffic between two versions: `argo` or nothing. */}}
{{- define "topdog.engine" -}}
{{- $wanted := .values.delivery.engine -}}
{{- $has := .root.Capabilities.APIVersions.Has "argoproj.io/v1alpha1/Rollout" -}}
{{- if and (eq $wanted "argo") (not $has) -}}
{{- fail (printf "%s: delivery.engine is argo, and this cluster has no Rollouts: install Argo Rollouts, or set delivery.engine to auto" .facts.service) -}}
{{- end -}}
{{- if and $has (ne $wanted "none") (ne .values.delivery.strategy "rolling") }}argo{{ end -}}
{{- end }}

{{- define "topdog.image" -}}
{{- $image := .values.image -}}
{{- $registry := .root.Values.global.imageRegistry -}}
{{- $name := $image.repository -}}
{{- if $registry }}{{ $name = printf "%s/%s" (trimSuffix "/" $registry) $name }}{{ end -}}
{{- if $image.digest -}}
{{ $name }}@{{ $image.digest }}
{{- else -}}
{{ $name }}:{{ $image.tag | default .root.Values.global.imageTag | default .root.Chart.AppVersion }}
{{- end -}}
{{- end }}

{{/* A secret's name: the one that the values give instead, or its own. */}}
{{- define "topdog.secretName" -}}
{{- get (.values.secretNames | default dict) .name | default .name -}}
{{- end }}

{{/* What must not reach production unnoticed. */}}
{{- define "topdog.refuseWeak" -}}
{{- if include "topdog.isProduction" . -}}
{{- $service := .facts.service -}}
{{- $image := .values.image -}}
{{- $tag := $image.tag | default .root.Values.global.imageTag -}}
{{- if and (not $image.digest) (or (not $tag) (eq $tag "latest") (eq $tag "dev")) -}}
{{- fail (printf "%s: production runs an image by its digest or a tag that says what it is: set image.digest or image.tag (global.mode=evaluation tries things out)" $service) -}}
{{- end -}}
{{- range $name, $value := .values.config -}}
{{- if has $name (list "SANDBOX_URLS" "MAIL_DIR" "STRIPE_API_URL") -}}
{{- fail (printf "%s: %s stands in for the real thing, and has no place in production" $service $name) -}}
{{- end -}}
{{- end -}}
{{- range $name, $given := .values.secretNames -}}
{{- if not $given -}}
{{- fail (printf "%s: secretNames.%s is empty: a secret is named, or left to its own name" $service $name) -}}
{{- end -}}
{{- end -}}
{{- if and .facts.public (not (hasPrefix "https://" (.root.Values.global.publicUrl | default ""))) -}}
{{- fail (printf "%s: global.publicUrl must be the https:// address that browsers use" $service) -}}
{{- end -}}
{{- if and (lt (int .values.replicas) 2) (not .values.autoscaling.enabled) -}}
{{- fail (printf "%s: one replica is an outage at every restart: production runs two or more" $service) -}}
{{- end -}}
{{- if and (eq .values.delivery.engine "none") (ne .values.delivery.strategy "rolling") -}}
{{- fail (printf "%s: delivery.strategy %s needs an engine" $service .values.delivery.strategy) -}}
{{- end -}}
{{- end -}}
{{- end }}
