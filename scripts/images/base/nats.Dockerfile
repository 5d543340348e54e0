ARG DEBIAN_IMAGE
FROM ${DEBIAN_IMAGE}
COPY nats-server /usr/local/bin/nats-server
RUN mkdir /data && chown 65532:65532 /data
USER 65532:65532
ENTRYPOINT ["nats-server"]
