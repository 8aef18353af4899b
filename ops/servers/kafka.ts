// Runs Kafka (one KRaft broker), which carries the events, from Maven's repository.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import type { Instance } from '../instance.ts';
import { CACHE } from '../instance.ts';
import { mavenJars, runCommand } from './install.ts';
import { compilerOf, type Server } from './server.ts';

const VERSION = '4.1.1';
const NAME = `kafka-${VERSION}`;
const CLASS_PATH = `${CACHE}/${NAME}/libs/*`;

const properties = (instance: Instance, folder: string): string => {
  const [client, controller] = [instance.port('kafka'), instance.port('kafka-controller')];
  return [
    'process.roles=broker,controller',
    'node.id=1',
    `controller.quorum.voters=1@127.0.0.1:${controller}`,
    `listeners=PLAINTEXT://127.0.0.1:${client},CONTROLLER://127.0.0.1:${controller}`,
    `advertised.listeners=PLAINTEXT://127.0.0.1:${client}`,
    'listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'controller.listener.names=CONTROLLER',
    'inter.broker.listener.name=PLAINTEXT',
    `log.dirs=${folder}/logs`,
    'offsets.topic.replication.factor=1',
    'offsets.topic.num.partitions=4',
    'transaction.state.log.replication.factor=1',
    'transaction.state.log.num.partitions=4',
    'transaction.state.log.min.isr=1',
    'group.initial.rebalance.delay.ms=0',
    'auto.create.topics.enable=false',
    'log.cleaner.dedupe.buffer.size=16777216',
    'num.network.threads=2',
    'num.io.threads=4',
  ].join('\n');
};

export const kafkaServer: Server = {
  name: 'kafka',
  version: VERSION,
  startLimitMs: 60_000,
  install: async (report) => {
    await mavenJars(NAME, `org.apache.kafka:kafka_2.13:${VERSION}`, report);
  },
  launch: async (instance) => {
    const folder = resolve(instance.home, 'data', 'kafka');
    mkdirSync(folder, { recursive: true });
    const file = resolve(folder, 'server.properties');
    writeFileSync(file, properties(instance, folder));
    const tool = ['java', '-cp', CLASS_PATH, 'kafka.tools.StorageTool'];
    if (!existsSync(resolve(folder, 'logs', 'meta.properties'))) {
      const id = (await runCommand([...tool, 'random-uuid'])).trim().split('\n').at(-1) ?? '';
      await runCommand([...tool, 'format', '-t', id, '-c', file]);
    }
    const memory = ['-Xms128m', '-Xmx384m', '-XX:+UseSerialGC', ...compilerOf(instance)];
    return {
      command: 'java',
      args: [...memory, '-cp', CLASS_PATH, 'kafka.Kafka', file],
      env: { PATH: process.env['PATH'] ?? '' },
      cwd: folder,
    };
  },
  isWell: async (instance) => {
    const brokers = [`127.0.0.1:${instance.port('kafka')}`];
    const admin = new Kafka({ brokers, logLevel: logLevel.NOTHING, retry: { retries: 0 } }).admin();
    try {
      await admin.connect();
      return (await admin.describeCluster()).brokers.length > 0;
    } catch {
      return false;
    } finally {
      await admin.disconnect().catch(() => undefined);
    }
  },
};
