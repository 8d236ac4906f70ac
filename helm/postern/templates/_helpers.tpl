{{/* The chart's values: our own, or those under `postern` in a chart that has us as dependency. */}}
{{- define "postern.values" -}}
{{- if eq .Chart.Name "postern" -}}
{{- toYaml .Values -}}
{{- else -}}
{{- toYaml (required "put this chart's values under the key postern" .Values.postern) -}}
{{- end -}}
{{- end -}}

{{- define "postern.appVersion" -}}
{{- if eq .Chart.Name "postern" -}}
{{- .Chart.AppVersion -}}
{{- else -}}
{{- .Subcharts.postern.Chart.AppVersion -}}
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
{{- printf "%s:%s" $values.image.repository (default (include "postern.appVersion" .) $values.image.tag) -}}
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
{{- $values := include "postern.values" . | fromYaml -}}
runAsNonRoot: true
{{- with $values.user }}
runAsUser: {{ int . }}
runAsGroup: {{ int . }}
{{- end }}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{/*
The ports, as the configuration has them. The kubelet probes the pod's address, so the health port
can't be on loopback.
*/}}
{{- define "postern.ports" -}}
{{- $values := include "postern.values" . | fromYaml -}}
{{- $config := $values.config | default dict -}}
{{- $smtp := dig "smtp" "listen" "0.0.0.0:2525" $config -}}
{{- $health := dig "http" "health" "0.0.0.0:8026" $config -}}
{{- if regexMatch "^(127\\.|localhost:|\\[::1\\])" $health -}}
{{- fail "config.http.health can't be on loopback here: the kubelet probes the pod's address" -}}
{{- end -}}
smtp: {{ regexFind "[0-9]+$" $smtp | int }}
health: {{ regexFind "[0-9]+$" $health | int }}
{{- end -}}

{{/*
For the pod's annotations: another value of a key that Postern reads at its start only has to restart
it. What it takes up from the changed file by itself is left out here, as docs/configuration.md tells
it under "Changes without a restart".
*/}}
{{- define "postern.checksum" -}}
{{- $values := include "postern.values" . | fromYaml -}}
{{- $fixed := omit ($values.config | default dict) "egress" "retry" "acknowledge-timeout" "drain-delay" "drain-timeout" "aliases" "qualify-domain" "sendmail" "log" -}}
{{- $smtp := omit (dig "smtp" dict $fixed) "auth" "users" "auth-plaintext" "allow" -}}
{{- $fixed = merge (dict "smtp" $smtp) (omit $fixed "smtp") -}}
postern.dev/config: {{ list $values.mode $fixed $values.sidecar.spool $values.gateway.persistence | toJson | sha256sum | trunc 16 | quote }}
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
  timeoutSeconds: 5
  # A large spool takes its time; to kill it then would begin all over.
  failureThreshold: 300
livenessProbe:
  httpGet: {path: /health/live, port: postern-health}
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 3
{{- end -}}

{{/* Not empty when a variable says who may submit. */}}
{{- define "postern.saysWho" -}}
{{- range .Values.env -}}
{{- if regexMatch "^POSTERN_SMTP_(USERS|ALLOW)(_FILE)?$" .name -}}yes{{- end -}}
{{- end -}}
{{- end -}}
