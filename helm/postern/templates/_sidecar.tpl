{{/*
The sidecar for your own chart. With this chart as a dependency (mode: sidecar):

    spec:
      # metadata.annotations: {{ include "postern.checksum" . }}
      enableServiceLinks: false
      terminationGracePeriodSeconds: {{ include "postern.terminationGracePeriodSeconds" (list . 30) }}
      initContainers:
        {{- include "postern.sidecar" . | nindent 8 }}
      containers:
        - name: app
          env: [{name: EMAIL_HOST, value: localhost}, {name: EMAIL_PORT, value: "2525"}]
      volumes:
        {{- include "postern.volumes" . | nindent 8 }}

A native sidecar starts before the app and its other init containers, stops after the app, and does
not keep a Job alive. It has no readiness probe: a sidecar's counts for the whole pod, and a full
spool must not take the app out of its Service.
*/}}
{{- define "postern.sidecar" -}}
{{- if semverCompare "<1.29.0-0" .Capabilities.KubeVersion.Version -}}
{{- fail "native sidecars need Kubernetes 1.29: include postern.container among the containers instead" -}}
{{- end -}}
- {{ include "postern.sidecarSpec" (list . "Always" "") | trim | nindent 2 | trim }}
{{- end -}}

{{/*
The same as a plain container, for clusters before 1.29. It is told to stop together with the app,
hence it goes on accepting for sidecar.drainDelay.
*/}}
{{- define "postern.container" -}}
{{- $values := include "postern.values" . | fromYaml -}}
- {{ include "postern.sidecarSpec" (list . "" $values.sidecar.drainDelay) | trim | nindent 2 | trim }}
{{- end -}}

{{- define "postern.sidecarSpec" -}}
{{- $root := index . 0 -}}
{{- $restart := index . 1 -}}
{{- $delay := index . 2 -}}
{{- $values := include "postern.values" $root | fromYaml -}}
{{- if ne $values.mode "sidecar" -}}
{{- fail (printf "postern.mode is %s: set it to sidecar, or the gateway is deployed too" $values.mode) -}}
{{- end -}}
name: postern
image: {{ include "postern.image" $root }}
imagePullPolicy: {{ $values.image.pullPolicy }}
{{- if $restart }}
restartPolicy: {{ $restart }}
{{- end }}
args: [serve, --config, /etc/postern/postern.yaml]
ports:
  - {name: postern-health, containerPort: {{ (include "postern.ports" $root | fromYaml).health }}}
{{- if or $delay $values.env }}
env:
  {{- if $delay }}
  - {name: POSTERN_DRAIN_DELAY, value: {{ $delay | quote }}}
  {{- end }}
  {{- with $values.env }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}
{{- with $values.envFrom }}
envFrom:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{ include "postern.healthProbes" $root }}
resources:
  {{- toYaml $values.resources | nindent 2 }}
securityContext:
  {{- include "postern.securityContext" $root | nindent 2 }}
volumeMounts:
  - {name: postern-spool, mountPath: /var/spool/postern}
  - {name: postern-config, mountPath: /etc/postern, readOnly: true}
  {{- include "postern.secretMounts" $root | nindent 2 }}
{{- end -}}

{{/* The volumes that the sidecar needs. */}}
{{- define "postern.volumes" -}}
{{- $values := include "postern.values" . | fromYaml -}}
- name: postern-spool
  emptyDir: {sizeLimit: {{ $values.sidecar.spool.sizeLimit }}}
- name: postern-config
  configMap: {name: {{ include "postern.fullname" . }}}
{{- include "postern.secretVolumes" . }}
{{- end -}}

{{/*
The pod's grace period: a native sidecar gets what the app leaves of it, a plain container waits for
the app first. Takes a list of the root context and the app's own seconds.
*/}}
{{- define "postern.terminationGracePeriodSeconds" -}}
{{- $root := index . 0 -}}
{{- $seconds := add (int (index . 1)) (int (include "postern.drainSeconds" $root)) -}}
{{- if semverCompare "<1.29.0-0" $root.Capabilities.KubeVersion.Version -}}
{{- $values := include "postern.values" $root | fromYaml -}}
{{- $seconds = add $seconds (int (include "postern.seconds" $values.sidecar.drainDelay)) -}}
{{- end -}}
{{- $seconds -}}
{{- end -}}
