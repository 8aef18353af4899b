# One image for every process of Holdfast; the command selects the process. The target `local` has the
# sandboxes of the outside world, too; what is built without a target is for production.
FROM oven/bun:1.4.5 AS base
WORKDIR /app
ENV NODE_ENV=production NODE_NO_WARNINGS=1
COPY package.json bun.lock bunfig.toml ./
COPY patches patches
RUN bun install --frozen-lockfile --production
COPY concurrency concurrency
COPY domain domain
COPY telemetry telemetry
COPY proto proto
COPY db db
COPY activities activities
COPY workflows workflows
COPY apis apis
COPY processes processes
COPY tsconfig.json ./
RUN mkdir -p /var/lib/holdfast && chown bun:bun /var/lib/holdfast
USER bun
CMD ["bun", "processes/gateway.ts"]

FROM base AS local
COPY sandbox sandbox

FROM base AS production
USER root
RUN rm processes/sandbox-*.ts
USER bun
