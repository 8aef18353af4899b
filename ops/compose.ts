// Generates docker-compose.yml from the tables of ports, processes and settings.
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { stringify } from 'yaml';
import { migrationSettings, promotionSettings, ownEnvironment } from './environment.ts';
import { ROOT, type Instance } from './instance.ts';
import { DEFAULT_PORT_BASE, portOf, type PortName } from './ports.ts';
import { PROCESS_NAMES, specOf, type ProcessName } from './processes.ts';
import { TEMPORAL } from './servers/go.ts';
import { REDIS_NAMES, redisSettings, type RedisName } from './servers/redis.ts';
import { LIMITS, SEARCH_ATTRIBUTES } from './servers/temporal.ts';

/** The container of each port that is not named after it. */
const CONTAINERS: Partial<Record<PortName, string>> = {
  'kafka-controller': 'kafka',
  'cassandra-storage': 'cassandra',
  'mail-smtp': 'sandbox-mail',
  'inventory-grpc': 'inventory',
  'orders-grpc': 'orders',
};

/** Fixed secrets for a local shop; a production deployment sets its own. */
const composed: Instance = {
  isTests: false,
  home: '/var/lib/holdfast',
  portBase: DEFAULT_PORT_BASE,
  bind: '0.0.0.0',
  port: (name, copy) => portOf(DEFAULT_PORT_BASE, name, copy),
  host: (name) => CONTAINERS[name] ?? name,
  secret: (name) => `local_only_${name.replaceAll(/\W/g, '_')}`,
};

/** No process gains a privilege, and none has one that it does not need. */
const CONFINED = { cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] };
/** What the entry points of the servers' images need to give their folders to their own user. */
const STEPPING_DOWN = ['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'SETGID', 'SETUID'];

/** Built once, by the migration service that every process depends on. */
const IMAGE = 'holdfast';

const port = (name: PortName): number => composed.port(name);
const published = (...names: PortName[]): string[] =>
  names.map((name) => `127.0.0.1:${port(name)}:${port(name)}`);

/**
 * A generous start time, because a check may start a JVM or Python while everything else starts.
 */
const health = (test: string[], startSeconds = 60) => ({
  test: ['CMD', ...test],
  interval: '5s',
  timeout: '20s',
  retries: 12,
  start_period: `${startSeconds}s`,
});

const postgres = () => ({
  image: 'postgres:15.18',
  command: ['postgres', '-c', `port=${port('postgres')}`, '-c', 'max_connections=200'],
  environment: {
    POSTGRES_USER: 'holdfast',
    POSTGRES_PASSWORD: composed.secret('postgres'),
    POSTGRES_DB: 'holdfast',
    PGPORT: String(port('postgres')),
  },
  ports: published('postgres'),
  volumes: ['postgres:/var/lib/postgresql/data'],
  // Over TCP, because the image's temporary init server listens only on a socket.
  healthcheck: health(['pg_isready', '-h', '127.0.0.1', '-U', 'holdfast', '-d', 'holdfast']),
});

const redis = (name: RedisName) => ({
  image: 'redis:7.0.15',
  command: [
    'redis-server',
    '--port',
    String(port(name)),
    ...Object.entries(redisSettings(name)).flatMap(([key, value]) => [`--${key}`, value]),
  ],
  ports: published(name),
  healthcheck: health(['redis-cli', '-p', String(port(name)), 'ping'], 10),
});

const kafka = () => ({
  image: 'apache/kafka:4.1.1',
  environment: {
    KAFKA_NODE_ID: '1',
    KAFKA_PROCESS_ROLES: 'broker,controller',
    KAFKA_CONTROLLER_QUORUM_VOTERS: `1@kafka:${port('kafka-controller')}`,
    KAFKA_LISTENERS: `PLAINTEXT://:${port('kafka')},CONTROLLER://:${port('kafka-controller')}`,
    KAFKA_ADVERTISED_LISTENERS: `PLAINTEXT://kafka:${port('kafka')}`,
    KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    KAFKA_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
    KAFKA_INTER_BROKER_LISTENER_NAME: 'PLAINTEXT',
    // The image's default is /tmp, which is not on the volume.
    KAFKA_LOG_DIRS: '/var/lib/kafka/data',
    KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: '1',
    KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: '1',
    KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: '1',
    KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0',
    KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'false',
    KAFKA_HEAP_OPTS: '-Xmx384m',
  },
  volumes: ['kafka:/var/lib/kafka/data'],
  healthcheck: health([
    '/opt/kafka/bin/kafka-broker-api-versions.sh',
    '--bootstrap-server',
    `kafka:${port('kafka')}`,
  ]),
});

const cassandra = () => ({
  image: 'cassandra:5.0.6',
  entrypoint: ['bash', '-c'],
  command: [
    `sed -i 's/^native_transport_port:.*/native_transport_port: ${port('cassandra')}/' ` +
      '/etc/cassandra/cassandra.yaml && exec docker-entrypoint.sh cassandra -f',
  ],
  environment: {
    MAX_HEAP_SIZE: '2G',
    HEAP_NEWSIZE: '512M',
    CASSANDRA_DC: 'datacenter1',
    CASSANDRA_ENDPOINT_SNITCH: 'GossipingPropertyFileSnitch',
  },
  volumes: ['cassandra:/var/lib/cassandra'],
  healthcheck: health(['cqlsh', '127.0.0.1', String(port('cassandra')), '-e', 'describe cluster']),
});

const temporal = () => ({
  image: `temporalio/temporal:${TEMPORAL.version}`,
  // The image's own user cannot write to a new volume.
  user: '0:0',
  command: [
    'server',
    'start-dev',
    '--ip',
    '0.0.0.0',
    '--namespace',
    'holdfast',
    '--port',
    String(port('temporal')),
    '--ui-port',
    String(port('temporal-ui')),
    '--db-filename',
    '/data/temporal.db',
    ...SEARCH_ATTRIBUTES.flatMap((attribute) => ['--search-attribute', attribute]),
    ...LIMITS.flatMap((limit) => ['--dynamic-config-value', limit]),
  ],
  ports: published('temporal', 'temporal-ui'),
  volumes: ['temporal:/data'],
  healthcheck: health(
    ['temporal', 'operator', 'cluster', 'health', '--address', `127.0.0.1:${port('temporal')}`],
    10,
  ),
});

const servers = () => ({
  postgres: postgres(),
  ...Object.fromEntries(REDIS_NAMES.map((name) => [name, redis(name)])),
  kafka: kafka(),
  cassandra: cassandra(),
  temporal: temporal(),
});

const confinedServers = () =>
  Object.fromEntries(
    Object.entries(servers()).map(([name, server]) => [
      name,
      { ...server, ...CONFINED, cap_add: STEPPING_DOWN },
    ]),
  );

const SERVER_NAMES = Object.keys(servers());
const isUp = (names: string[], condition: string) =>
  Object.fromEntries(names.map((name) => [name, { condition }]));

const settingsOfProcess = (name: ProcessName): Record<string, string> =>
  ownEnvironment(composed, name, 1, {});

const processService = (name: ProcessName) => {
  const { port: apiPort, grpcPort, opsPort } = specOf(name);
  const ports = [apiPort, grpcPort].flatMap((one) => (one ? [one] : []));
  const ready = `fetch('http://127.0.0.1:${port(opsPort)}/ready').then(r=>process.exit(r.ok?0:1))`;
  return {
    image: IMAGE,
    command: ['bun', `processes/${name}.ts`],
    environment: settingsOfProcess(name),
    ...(ports.length > 0 && { ports: published(...ports) }),
    ...(name.startsWith('sandbox-') && { volumes: ['sandbox:/var/lib/holdfast'] }),
    depends_on: {
      ...isUp(SERVER_NAMES, 'service_healthy'),
      ...isUp(['migrate'], 'service_completed_successfully'),
    },
    restart: 'unless-stopped',
    ...CONFINED,
    healthcheck: health(['bun', '-e', ready]),
  };
};

/** Every setting of every process, as the file publishes them. */
export const publishedSettings = (): [setting: string, value: string][] =>
  [migrationSettings(composed), ...PROCESS_NAMES.map((name) => settingsOfProcess(name))].flatMap(
    (settings) => Object.entries(settings),
  );

const HEADER = `# The whole shop for Docker: docker compose up --build --wait
# Made by ops/compose.ts from the tables of ports and processes; change those, then run it.
`;

/** The text of docker-compose.yml. */
export const composeFile = (): string => {
  const processes = PROCESS_NAMES.map((name) => [name, processService(name)]);
  const migrate = {
    image: IMAGE,
    build: { context: '.', target: 'local' },
    command: ['bun', 'processes/migrate.ts'],
    environment: migrationSettings(composed),
    depends_on: isUp(SERVER_NAMES, 'service_healthy'),
    restart: 'on-failure',
    ...CONFINED,
  };
  const promote = {
    image: IMAGE,
    command: ['bun', 'processes/promote.ts'],
    environment: promotionSettings(composed),
    depends_on: isUp(['worker'], 'service_healthy'),
    restart: 'on-failure',
    ...CONFINED,
  };
  const services = {
    ...confinedServers(),
    migrate,
    ...(Object.fromEntries(processes) as object),
    promote,
  };
  const volumes = { postgres: {}, kafka: {}, cassandra: {}, temporal: {}, sandbox: {} };
  const options = { lineWidth: 0, aliasDuplicateObjects: false };
  return HEADER + stringify({ services, volumes }, options);
};

if (import.meta.main) writeFileSync(resolve(ROOT, 'docker-compose.yml'), composeFile());
