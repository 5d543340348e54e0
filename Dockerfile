# One recipe for every service: docker build --build-arg SERVICE=quota -t topdog/quota .
# What is the same for all of them is built once. npm run images builds all, and base images too where no registry is in reach.
ARG NODE_IMAGE=node:24-bookworm-slim
ARG RUNTIME_IMAGE=node:24-bookworm-slim

FROM ${NODE_IMAGE} AS workspace
WORKDIR /src
ENV CI=true NODE_OPTIONS=--disable-warning=ExperimentalWarning
# The package manager at its pinned version, against the checksums of its lock file.
COPY scripts/bootstrap/package.json scripts/bootstrap/package-lock.json /pnpm/
RUN --mount=type=cache,target=/npm-cache --mount=type=secret,id=ca,required=false \
    if [ -s /run/secrets/ca ]; then export NODE_EXTRA_CA_CERTS=/run/secrets/ca; fi; \
    npm ci --prefix /pnpm --cache /npm-cache --ignore-scripts --include=optional --no-audit --no-fund \
    && ln -s /pnpm/node_modules/@pnpm/exe.linux-*/pnpm /usr/local/bin/pnpm
COPY pnpm-lock.yaml pnpm-workspace.yaml package.json ./
COPY libs libs
COPY services services
COPY proofs/package.json proofs/
COPY e2e/package.json e2e/
COPY bench/package.json bench/
RUN --mount=type=cache,target=/pnpm-store --mount=type=secret,id=ca,required=false \
    if [ -s /run/secrets/ca ]; then export NODE_EXTRA_CA_CERTS=/run/secrets/ca SSL_CERT_FILE=/run/secrets/ca; fi; \
    pnpm install --frozen-lockfile --store-dir /pnpm-store
COPY tsconfig.base.json tsconfig.json ./
RUN node_modules/.bin/tsc -b

# For what is done once before services run: docker-compose.yml. A later layer hides nothing: what tests of packages bring goes before it is copied.
FROM workspace AS operations
COPY scripts/charts scripts/charts
COPY scripts/compose scripts/compose
COPY scripts/topdog scripts/topdog
RUN find node_modules/.pnpm -type d -path '*/test/fixtures' -prune -exec rm -rf {} +

FROM ${NODE_IMAGE} AS operator
WORKDIR /src
COPY --from=operations /src /src
ENTRYPOINT ["node", "--disable-warning=ExperimentalWarning"]

# The pages that the gateway serves.
FROM workspace AS site
RUN node --conditions=@topdog/source services/web/build/build.ts

FROM workspace AS service
ARG SERVICE
RUN --mount=type=cache,target=/pnpm-store --mount=type=secret,id=ca,required=false \
    if [ -s /run/secrets/ca ]; then export NODE_EXTRA_CA_CERTS=/run/secrets/ca SSL_CERT_FILE=/run/secrets/ca; fi; \
    test -d "services/$SERVICE" || { echo "--build-arg SERVICE=<a folder of services/>" >&2; exit 1; }; \
    pnpm --filter "@topdog/$SERVICE" deploy --prod --store-dir /pnpm-store /app; \
    cd /app && rm -rf src test tsconfig*.json pnpm-workspace.yaml \
    && pnpm --dir /src --filter "@topdog/$SERVICE" sbom --sbom-format cyclonedx --sbom-type application --prod --lockfile-only --out /app/sbom.cdx.json \
    && find . -type f \( -name '*.map' -o -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' -o -name '*.tsbuildinfo' \) -delete \
    && find node_modules/.pnpm -path '*/@topdog+*/*' -type d \( -name src -o -name test \) -prune -exec rm -rf {} +
COPY docs/openapi.json docs/asyncapi.json docs/errors.md /app/docs/
RUN --mount=type=bind,from=site,source=/src/services/web/dist/site,target=/site \
    if [ "$SERVICE" = gateway ]; then cp -R /site /app/site; fi
# The same input gives the same bytes: nothing says when it was made, and no list is in the order in which a disk was read.
RUN node -e 'const fs = require("node:fs"), f = "/app/sbom.cdx.json", bom = JSON.parse(fs.readFileSync(f)), by = (name) => (a, b) => (a[name] < b[name] ? -1 : 1); \
      delete bom.serialNumber; delete bom.metadata.timestamp; bom.components.sort(by("bom-ref")); bom.dependencies.sort(by("ref")); \
      for (const { dependsOn = [] } of bom.dependencies) dependsOn.sort(); fs.writeFileSync(f, JSON.stringify(bom))' \
    && rm -f /app/node_modules/.modules.yaml /app/node_modules/.pnpm-workspace-state-v1.json \
    && mkdir /spool && find /app /spool -exec touch -h -d @0 {} +

FROM ${RUNTIME_IMAGE}
ARG SERVICE
LABEL org.opencontainers.image.title="topdog/${SERVICE}" org.opencontainers.image.licenses="UNLICENSED"
COPY --from=service /app /app
# A volume that is mounted here belongs to the service: llm-router keeps its usage in one.
COPY --from=service --chown=65532:65532 /spool /spool
WORKDIR /app
ENV NODE_ENV=production DOCS_DIR=/app/docs WEB_DIR=/app/site HTTP_HOST=0.0.0.0 OPS_HOST=0.0.0.0 LINK_HOST=0.0.0.0
USER 65532:65532
ENTRYPOINT ["node"]
CMD ["--import", "./dist/instrumentation.js", "dist/main.js"]
