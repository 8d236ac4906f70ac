{{/* The chart's values: our own, or those under `postern` in a chart that has us as dependency. */}}
{{- define "postern.values" -}}
{{- if eq .Chart.Name "postern" -}}
{{- toYaml .Values -}}
{{- else -}}
{{- toYaml (required "put this chart's values under the key postern" .Values.postern) -}}
{{- end -}}
{{- end -}}

{{- define "postern.fullname" -}}
{{- $values := include "postern.values" . | fromYaml -}}
{{- if $values.fullnameOverride -}}
{{- $values.fullnameOverride | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default "postern" $values.nameOverride -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "postern.selectorLabels" -}}
app.kubernetes.io/name: postern
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "postern.labels" -}}
{{ include "postern.selectorLabels" . }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- if eq .Chart.Name "postern" }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}
{{- end -}}

{{- define "postern.image" -}}
{{- $values := include "postern.values" . | fromYaml -}}
{{- if $values.image.digest -}}
{{- printf "%s@%s" $values.image.repository $values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" $values.image.repository (default "0.1.0" $values.image.tag) -}}
{{- end -}}
{{- end -}}

{{- define "postern.serviceAccountName" -}}
{{- $values := include "postern.values" . | fromYaml -}}
{{- if $values.serviceAccount.create -}}
{{- default (include "postern.fullname" .) $values.serviceAccount.name -}}
{{- else -}}
{{- default "default" $values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{/* A quantity such as 256Mi, 1Gi, 500M or a plain number, in bytes. */}}
{{- define "postern.bytes" -}}
{{- $units := dict "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 "Ti" 1099511627776 "k" 1000 "M" 1000000 "G" 1000000000 "T" 1000000000000 "" 1 -}}
{{- $text := toString . -}}
{{- $number := regexFind "^[0-9]+" $text -}}
{{- $unit := trimPrefix $number $text -}}
{{- if or (not $number) (not (hasKey $units $unit)) -}}
{{- fail (printf "%s is no quantity: write whole numbers of Mi or Gi" $text) -}}
{{- end -}}
{{- mul (int64 $number) (int64 (get $units $unit)) -}}
{{- end -}}

{{/* A duration such as 25s or 2m, in seconds. */}}
{{- define "postern.seconds" -}}
{{- $units := dict "s" 1 "m" 60 "h" 3600 -}}
{{- $text := toString . -}}
{{- $number := regexFind "^[0-9]+" $text -}}
{{- $unit := trimPrefix $number $text -}}
{{- if or (not $number) (not (hasKey $units $unit)) -}}
{{- fail (printf "%s is no duration: write 30s, 5m or 1h" $text) -}}
{{- end -}}
{{- mul (int $number) (int (get $units $unit)) -}}
{{- end -}}

{{/* Restricted, as Pod Security has it; the image's user. */}}
{{- define "postern.securityContext" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{/* The seconds that a drain may take. */}}
{{- define "postern.drainSeconds" -}}
{{- $values := include "postern.values" . | fromYaml -}}
{{- $timeout := include "postern.seconds" (dig "drain-timeout" "25s" ($values.config | default dict)) -}}
{{- $delay := include "postern.seconds" (dig "drain-delay" "0s" ($values.config | default dict)) -}}
{{- add (int $timeout) (int $delay) (int $values.graceSecondsMore) -}}
{{- end -}}

{{/* The secrets' volumes and their mounts. */}}
{{- define "postern.secretVolumes" -}}
{{- $values := include "postern.values" . | fromYaml -}}
{{- range $values.secrets }}
- name: postern-secret-{{ .name }}
  secret: {secretName: {{ .secretName }}, defaultMode: 0444}
{{- end }}
{{- end -}}

{{- define "postern.secretMounts" -}}
{{- $values := include "postern.values" . | fromYaml -}}
{{- range $values.secrets }}
- {name: postern-secret-{{ .name }}, mountPath: /run/secrets/postern/{{ .name }}, readOnly: true}
{{- end }}
{{- end -}}

{{- define "postern.healthProbes" -}}
startupProbe:
  httpGet: {path: /health/started, port: postern-health}
  periodSeconds: 1
  failureThreshold: 60
livenessProbe:
  httpGet: {path: /health/live, port: postern-health}
  periodSeconds: 10
  failureThreshold: 3
{{- end -}}
