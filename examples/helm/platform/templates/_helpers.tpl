{{- define "labels" -}}
platform: oaas
app: oaas-{{ .component }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
{{- end }}
