{{/*
The injected container. A pod may be in any namespace, where no ConfigMap of ours is: the ways out
come from a Secret of the pod's own namespace, everything else from variables.
*/}}
{{- define "postern.injected" -}}
{{- if dig "egress" nil (.Values.config | default dict) -}}
{{- fail "with mode injection the ways out come from the Secret injection.egressSecret of each namespace: leave config.egress empty" -}}
{{- end -}}
{{- $size := div (mul (include "postern.bytes" .Values.sidecar.spool.sizeLimit | int64) 8) 10 | toString -}}
{{- $base := dict
    "smtp" (dict "listen" "127.0.0.1:2525")
    "http" (dict "health" "0.0.0.0:8026")
    "spool" (dict "path" "/var/spool/postern" "max-size" $size)
    "log" (dict "format" "json") -}}
{{- $config := omit (mustMergeOverwrite $base (deepCopy (.Values.config | default dict))) "egress" -}}
name: postern
image: {{ include "postern.image" . }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
restartPolicy: Always
args: [serve]
ports:
  - {name: postern-health, containerPort: {{ (include "postern.ports" . | fromYaml).health }}, protocol: TCP}
env:
  - {name: POSTERN_EGRESS_FILE, value: /run/secrets/postern/egress}
  {{- include "postern.variables" (list "POSTERN" $config) | nindent 2 }}
  {{- with .Values.env }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with .Values.envFrom }}
envFrom:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{ include "postern.healthProbes" . }}
resources:
  {{- toYaml .Values.resources | nindent 2 }}
securityContext:
  {{- include "postern.securityContext" . | nindent 2 }}
volumeMounts:
  - {name: postern-spool, mountPath: /var/spool/postern}
  - {name: postern-egress, mountPath: /run/secrets/postern, readOnly: true}
{{- end -}}

{{/*
A configuration as variables: takes a list of their common beginning and the tree. Keys that are a
list of more than words have no such form, but for aliases.
*/}}
{{- define "postern.variables" -}}
{{- $prefix := index . 0 -}}
{{- range $key, $value := index . 1 }}
{{- $name := printf "%s_%s" $prefix ($key | upper | replace "-" "_") }}
{{- if eq $name "POSTERN_ALIASES" }}
{{- $pairs := list }}
{{- range $from, $to := $value }}
{{- $pairs = append $pairs (printf "%s=%s" (include "postern.encoded" $from) (include "postern.encoded" $to)) }}
{{- end }}
{{ include "postern.variable" (list $name (join "," $pairs)) }}
{{- else if kindIs "map" $value }}
{{- include "postern.variables" (list $name $value) }}
{{- else if kindIs "slice" $value }}
{{- range $value }}
{{- if or (kindIs "map" .) (kindIs "slice" .) }}
{{- fail (printf "%s: a list of this kind can't be injected; give %s by `env`, from a Secret" $key $name) }}
{{- end }}
{{- end }}
{{ include "postern.variable" (list $name (join "," $value)) }}
{{- else if not (kindIs "invalid" $value) }}
{{ include "postern.variable" (list $name (kindIs "string" $value | ternary $value (toJson $value))) }}
{{- end }}
{{- end }}
{{- end -}}

{{/* Kubernetes would take $(NAME) for a reference. */}}
{{- define "postern.variable" -}}
{{- if contains "${" (index . 1) -}}
{{- fail (printf "%s: ${…} means nothing in a variable; give it by `env`" (index . 0)) -}}
{{- end -}}
- {name: {{ index . 0 }}, value: {{ index . 1 | replace "$(" "$$(" | toJson }}}
{{- end -}}

{{- define "postern.encoded" -}}
{{- . | replace "%" "%25" | replace "," "%2C" | replace "=" "%3D" -}}
{{- end -}}

{{/*
A value as CEL. Kubernetes compiles policies with homogeneous aggregate literals, where the values of
a map must be of one type: so each is a dyn.
*/}}
{{- define "postern.cel" -}}
{{- if kindIs "map" . -}}
{ {{- $comma := "" -}}
{{- range $key, $value := . -}}
{{- $comma -}}{{- toJson $key }}: dyn({{ include "postern.cel" $value }})
{{- $comma = ", " -}}
{{- end -}} }
{{- else if kindIs "slice" . -}}
[ {{- $comma := "" -}}
{{- range . -}}
{{- $comma -}}dyn({{ include "postern.cel" . }})
{{- $comma = ", " -}}
{{- end -}} ]
{{- else -}}
{{- toJson . -}}
{{- end -}}
{{- end -}}
