# The image of smartrouting-vip; docs/operations.md says how to run it, docs/adr/0024-how-it-is-deployed.md why it is
# built this way.
ARG NODE_IMAGE=docker.io/library/node:24-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY scripts/build-id.mjs scripts/build-id.mjs
COPY src src
# --build-arg COMMIT=$(git rev-parse HEAD): what /health, the metrics and the log say is running.
ARG COMMIT=
RUN SMARTROUTING_COMMIT="${COMMIT}" npm run build && rm dist/.tsbuildinfo

FROM ${NODE_IMAGE} AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
COPY scripts/prune-production.mjs scripts/prune-production.mjs
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund && node scripts/prune-production.mjs

FROM ${NODE_IMAGE}
LABEL org.opencontainers.image.title="smartrouting-vip" \
      org.opencontainers.image.description="Answers Enreach Core (SmartRouting): who is calling, and where should this call go?" \
      org.opencontainers.image.licenses="MIT"
WORKDIR /app
# Nothing installs packages in this image, so vulnerabilities of npm and its dependencies need no patches.
# The default database is in data/. DATABASE_URL is not set below, because --env-file does not override existing variables.
RUN rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack \
      /usr/local/bin/yarn /usr/local/bin/yarnpkg /opt/yarn-* \
    && install -d -o node -g node /var/lib/smartrouting \
    && ln -s /var/lib/smartrouting data
COPY package.json LICENSE ./
COPY presets presets
COPY deploy/docker/healthcheck.mjs healthcheck.mjs
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/dist dist
ENV NODE_ENV=production \
    SMARTROUTING_CONFIG=/etc/smartrouting/smartrouting.yaml
VOLUME /var/lib/smartrouting
EXPOSE 3000
# The number, not the name "node": Kubernetes must see that it is not root.
USER 1000:1000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 CMD ["node", "healthcheck.mjs"]
ENTRYPOINT ["node"]
CMD ["dist/main.js"]
