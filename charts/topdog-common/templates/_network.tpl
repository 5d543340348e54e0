{{/* Nothing in and nothing out, but for what the service is for. A node's own probes are not held by policies. */}}
{{- define "topdog.networkPolicy" -}}
{{- if .values.networkPolicy.enabled -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ .facts.service }}
  labels:
    {{- include "topdog.labels" . | nindent 4 }}
spec:
  podSelector:
    matchLabels:
      {{- include "topdog.selector" . | nindent 6 }}
  policyTypes: [Ingress, Egress]
  ingress:
    {{- if .facts.public }}
    - ports: [{ port: http }]
      {{- with .values.networkPolicy.publicFrom }}
      from:
        {{- toYaml . | nindent 8 }}
      {{- end }}
    {{- else if .facts.callers }}
    - from:
        {{- range .facts.callers }}
        - podSelector: { matchLabels: { app.kubernetes.io/name: {{ . }} } }
        {{- end }}
      ports: [{ port: {{ if .facts.spool }}link{{ else }}http{{ end }} }]
    {{- end }}
    - from:
        - podSelector: { matchLabels: { app.kubernetes.io/name: topdog-check } }
        {{- toYaml .root.Values.global.monitoringFrom | nindent 8 }}
      ports: [{ port: operations }]
  egress:
    - to: [{ namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: kube-system } } }]
      ports: [{ protocol: UDP, port: 53 }, { protocol: TCP, port: 53 }]
    {{- if .facts.bus }}
    - to:
        {{- toYaml .root.Values.global.busTo | nindent 8 }}
      ports: [{ port: 4222 }]
    {{- end }}
    {{- if .facts.stores }}
    - to:
        {{- toYaml .root.Values.global.databaseTo | nindent 8 }}
      ports: [{ port: 5432 }]
    {{- end }}
    {{- range .facts.siblings }}
    - to: [{ podSelector: { matchLabels: { app.kubernetes.io/name: {{ .service }} } } }]
      ports: [{ port: {{ .port }} }]
    {{- end }}
    {{- with .facts.router }}
    - to: [{ podSelector: { matchLabels: { app.kubernetes.io/name: {{ .service }} } } }]
      ports: [{ port: {{ .port }} }]
    {{- end }}
    {{- if .facts.internet }}
    # The internet, and of what is no internet nothing: no metadata service, no neighbour, no node.
    - to:
        - ipBlock:
            cidr: 0.0.0.0/0
            except: [0.0.0.0/8, 10.0.0.0/8, 100.64.0.0/10, 127.0.0.0/8, 169.254.0.0/16, 172.16.0.0/12, 192.0.0.0/24, 192.168.0.0/16, 198.18.0.0/15, 224.0.0.0/4, 240.0.0.0/4]
        - ipBlock:
            cidr: 2000::/3
            except: [2001:db8::/32]
      ports:
        {{- range .facts.internet }}
        - { protocol: TCP, port: {{ . }} }
        {{- end }}
    {{- if not (include "topdog.isProduction" .) }}
    - to: [{ podSelector: { matchLabels: { topdog.dev/stand-in: "true" } } }]
    {{- end }}
    {{- end }}
    {{- with .values.networkPolicy.egress }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end -}}
{{- end }}
