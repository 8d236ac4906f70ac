# The image: Postern, the Java that it needs, glibc, and nothing else; no shell.
#
#   docker build -t postern .
#   docker build -t postern:render --build-arg IMAGE_STAGE=render .    # starts as root, see below
#
# In another image with glibc (Debian, Ubuntu, Fedora, …), beside the app:
#
#   COPY --from=postern /opt/postern /opt/postern
#   ENTRYPOINT ["/opt/postern/bin/postern", "exec", "--adopt", "--"]
#   CMD ["your", "app"]

ARG BUILD_IMAGE=docker.io/library/maven:3.9-eclipse-temurin-25
ARG RENDER_IMAGE=docker.io/library/debian:stable-slim
# postern when absent, or render: for builders that can name no target but set arguments, such as
# Render, which gives a service's variables to its build.
ARG IMAGE_STAGE

FROM ${BUILD_IMAGE} AS build
# Such as `--offline`.
ARG MAVEN_OPTIONS=
ARG COMMIT=unknown
# Only on amd64 must there be an AOT cache: elsewhere the build machine may be an emulated one.
ARG AOT_ARCHITECTURE=x86_64
WORKDIR /src
COPY . .
RUN if [ "$(uname -m)" = "$AOT_ARCHITECTURE" ]; then aot=-Daot.required=true; \
    else aot=-Daot.skip=true; fi \
    && mvn -B -ntp ${MAVEN_OPTIONS} -Dgit.commit="${COMMIT}" -Dmaven.test.skip=true \
        -Daot.checkout.skip=true -Pruntime ${aot} package \
    && mkdir -p /image/opt \
    && cp -a target/postern-*/ /image/opt/postern \
    && src/image/base.sh /image /image/opt/postern/runtime \
    && src/image/options.sh /image >/image/opt/postern/conf/image.options


# Render mounts a disk as root's, so this one starts as root, hands the spool over and becomes 65532.
FROM ${RENDER_IMAGE} AS render
COPY --from=build /image/opt/postern /opt/postern
COPY src/image/render-entry.sh /usr/local/bin/render-entry
ENV POSTERN_SPOOL_PATH=/var/spool/postern \
    POSTERN_HTTP_HEALTH=0.0.0.0:8026 \
    POSTERN_LOG_FORMAT=json
EXPOSE 2525 8026
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/local/bin/render-entry"]
CMD ["serve"]


FROM scratch AS postern
ARG VERSION=0.1.0-SNAPSHOT
ARG COMMIT=unknown
LABEL org.opencontainers.image.title="Postern" \
    org.opencontainers.image.description="A local SMTP forwarder: takes mail durably, gets it out by the way that works." \
    org.opencontainers.image.licenses="Apache-2.0" \
    org.opencontainers.image.version="${VERSION}" \
    org.opencontainers.image.revision="${COMMIT}"
COPY --from=build /image /
ENV POSTERN_SPOOL_PATH=/var/spool/postern \
    POSTERN_HTTP_HEALTH=0.0.0.0:8026 \
    POSTERN_LOG_FORMAT=json \
    LC_ALL=C.UTF-8 \
    _POSTERN_ADDED_LC_ALL=C.UTF-8 \
    _JAVA_SR_SIGNUM=62
USER 65532:65532
WORKDIR /var/spool/postern
VOLUME /var/spool/postern
EXPOSE 2525 8026
STOPSIGNAL SIGTERM
ENTRYPOINT ["/opt/postern/runtime/bin/java", "@/opt/postern/conf/java.options", "@/opt/postern/conf/image.options", "dev.postern.Main"]
CMD ["serve"]


# The default stands here since older buildahs look for the stage before they read an ARG's default.
FROM ${IMAGE_STAGE:-postern}
