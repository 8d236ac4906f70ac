{{/*
The injected container. A pod may be in any namespace, where no ConfigMap of ours is: the ways out
come from a Secret of the pod's own namespace, everything else from variables.
*/}}
{{- define "postern.injected" -}}
name: postern
image: {{ include "postern.image" . }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
restartPolicy: Always
args: [serve]
ports:
  - {name: postern-health, containerPort: 8026, protocol: TCP}
env:
  - {name: POSTERN_EGRESS_FILE, value: /run/secrets/postern/egress}
  - {name: POSTERN_SMTP_LISTEN, value: "127.0.0.1:2525"}
  - {name: POSTERN_HTTP_HEALTH, value: "0.0.0.0:8026"}
  - {name: POSTERN_SPOOL_PATH, value: /var/spool/postern}
  - {name: POSTERN_SPOOL_MAX_SIZE, value: {{ div (mul (include "postern.bytes" .Values.sidecar.spool.sizeLimit | int64) 8) 10 | quote }}}
  - {name: POSTERN_LOG_FORMAT, value: json}
  {{- range $path, $value := .Values.config }}
  {{- if and (kindIs "string" $value) (ne $path "egress") }}
  - {name: POSTERN_{{ $path | upper | replace "-" "_" }}, value: {{ $value | quote }}}
  {{- end }}
  {{- end }}
  {{- with .Values.env }}
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
