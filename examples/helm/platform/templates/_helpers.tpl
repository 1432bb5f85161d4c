{{/* The labels that the charts of oaas-rs write: each has its own way. */}}
{{- define "labels" -}}
{{- if has .component (list "gateway" "router") -}}
app: {{ .component }}
platform: oaas
{{- else -}}
app.kubernetes.io/name: oprc-{{ .component }}
app.kubernetes.io/component: {{ if eq .component "pm" }}oprc-pm{{ else }}{{ .component }}{{ end }}
{{- end }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
{{- end }}
