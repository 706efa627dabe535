# Production image: the server, its production dependencies and nothing else, as an ordinary user.
#
#   docker build -t switchyard .
#   docker run -p 3306:3306 -v switchyard-data:/data -e MYSQL_ROOT_PASSWORD=... switchyard

ARG NODE_IMAGE=node:26-bookworm-slim

# The package manifests alone, so that a change of a source file doesn't install everything again.
FROM ${NODE_IMAGE} AS manifests
WORKDIR /app
COPY package.json package-lock.json ./
COPY core core
COPY plugins plugins
RUN find core plugins -name node_modules -prune -exec rm -rf {} + \
 && find core plugins -type f ! -name package.json -delete

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY --from=manifests /app ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json ./
COPY config config
COPY core core
COPY plugins plugins
# Output of a build on the host is not to be trusted.
RUN find core plugins -name dist -prune -exec rm -rf {} + \
 && node_modules/.bin/tsc -b

FROM ${NODE_IMAGE} AS dependencies
WORKDIR /app
COPY --from=manifests /app ./
# Native modules come prebuilt as optional packages, so optional ones stay and install scripts are not needed.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund

FROM build AS programs
# What the build leaves behind besides the programs.
RUN rm -rf node_modules config/toolchain \
 && find core plugins -name node_modules -prune -exec rm -rf {} + \
 && find core plugins -type f ! -path '*/dist/*' ! -name package.json -delete \
 && find core plugins -type f \( -name '*.d.ts' -o -name '*.map' -o -name '.tsbuildinfo' \) -delete \
 && find core plugins -type d -empty -delete

FROM ${NODE_IMAGE}
# Clients of a container are other machines, so root may come from anywhere; it needs MYSQL_ROOT_PASSWORD then.
ENV NODE_ENV=production BIND_ADDR=0.0.0.0 PORT=3306 MYSQL_ROOT_HOST=%
WORKDIR /app
COPY --from=dependencies /app ./
COPY --from=programs /app ./
RUN mkdir /data && chown node:node /data
USER node
VOLUME /data
EXPOSE 3306
# The server greets whoever connects; a greeting in time means that it serves.
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s \
  CMD ["node", "-e", "require('net').connect(process.env.PORT, '127.0.0.1').on('data', () => process.exit(0)).on('error', () => process.exit(1))"]
ENTRYPOINT ["node", "core/dist/main/bin.js", "--data-dir", "/data"]
