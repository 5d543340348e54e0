ARG DEBIAN_IMAGE
FROM ${DEBIAN_IMAGE}
COPY prometheus /usr/local/bin/prometheus
RUN mkdir /prometheus && chown 65532:65532 /prometheus
USER 65532:65532
ENTRYPOINT ["prometheus"]
CMD ["--config.file=/etc/prometheus/prometheus.yml", "--storage.tsdb.path=/prometheus"]
