// Runs Cassandra (one node), the store of the read models, from Maven's repository.
import { mkdirSync, writeFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { resolve } from 'node:path';
import { Client } from 'cassandra-driver';
import type { Instance } from '../instance.ts';
import { CACHE } from '../instance.ts';
import { mavenJars } from './install.ts';
import { compilerOf, type Server } from './server.ts';

const VERSION = '5.0.6';
const NAME = `cassandra-${VERSION}`;

const EXPORTS = [
  'java.base/jdk.internal.misc=ALL-UNNAMED',
  'java.base/jdk.internal.ref=ALL-UNNAMED',
  'java.base/sun.nio.ch=ALL-UNNAMED',
  'java.management.rmi/com.sun.jmx.remote.internal.rmi=ALL-UNNAMED',
  'java.rmi/sun.rmi.registry=ALL-UNNAMED',
  'java.rmi/sun.rmi.server=ALL-UNNAMED',
  'java.sql/java.sql=ALL-UNNAMED',
  'jdk.unsupported/sun.misc=ALL-UNNAMED',
  'java.base/java.lang.ref=ALL-UNNAMED',
  'jdk.compiler/com.sun.tools.javac.file=ALL-UNNAMED',
];
const OPENS = [
  'java.base/java.lang.module=ALL-UNNAMED',
  'java.base/java.net=ALL-UNNAMED',
  'java.base/jdk.internal.loader=ALL-UNNAMED',
  'java.base/jdk.internal.ref=ALL-UNNAMED',
  'java.base/jdk.internal.reflect=ALL-UNNAMED',
  'java.base/jdk.internal.math=ALL-UNNAMED',
  'java.base/jdk.internal.module=ALL-UNNAMED',
  'java.base/jdk.internal.util.jar=ALL-UNNAMED',
  'jdk.management/com.sun.management.internal=ALL-UNNAMED',
  'java.base/sun.nio.ch=ALL-UNNAMED',
  'java.base/java.io=ALL-UNNAMED',
  'java.base/java.lang=ALL-UNNAMED',
  'java.base/java.lang.reflect=ALL-UNNAMED',
  'java.base/java.util=ALL-UNNAMED',
  'java.base/java.util.concurrent=ALL-UNNAMED',
  'java.base/java.util.concurrent.atomic=ALL-UNNAMED',
  'java.base/java.nio=ALL-UNNAMED',
];

const MIB = 1024 * 1024;
/** Indexes of recent writes are in the heap: 512 MiB are too small for 30,000 products. */
const HEAP_MIB = Math.round(Math.min(Math.max(totalmem() / 8 / MIB, 512), 4_096) / 8) * 8;

/**
 * `auto` uses direct I/O where the file system supports it. The memory-mapped log instead drops
 * synced pages from the page cache and reads them back, with the kernel's read-ahead, for later
 * writes.
 */
const yaml = (instance: Instance, folder: string): string => `
cluster_name: holdfast
num_tokens: 1
partitioner: org.apache.cassandra.dht.Murmur3Partitioner
endpoint_snitch: SimpleSnitch
seed_provider:
  - class_name: org.apache.cassandra.locator.SimpleSeedProvider
    parameters: [{ seeds: "127.0.0.1:${instance.port('cassandra-storage')}" }]
listen_address: 127.0.0.1
rpc_address: 127.0.0.1
storage_port: ${instance.port('cassandra-storage')}
native_transport_port: ${instance.port('cassandra')}
data_file_directories: ["${folder}/data"]
commitlog_directory: ${folder}/commitlog
saved_caches_directory: ${folder}/caches
hints_directory: ${folder}/hints
cdc_raw_directory: ${folder}/cdc
commitlog_sync: batch
commitlog_disk_access_mode: auto
commitlog_segment_size: 16MiB
storage_compatibility_mode: NONE
sstable: { selected_format: bti }
memtable_heap_space: ${HEAP_MIB / 8}MiB
memtable_offheap_space: 64MiB
file_cache_size: 32MiB
networking_cache_size: 16MiB
concurrent_reads: 8
concurrent_writes: 8
concurrent_compactors: 1
auto_snapshot: false
read_request_timeout: 5s
write_request_timeout: 5s
batch_size_warn_threshold: 320KiB
`;

const LOGBACK = `<configuration><appender name="OUT" class="ch.qos.logback.core.ConsoleAppender">
<encoder><pattern>%-5level %date %logger{0} %msg%n</pattern></encoder></appender>
<root level="WARN"><appender-ref ref="OUT"/></root></configuration>`;

const javaArgs = (folder: string, instance: Instance): string[] => [
  ...compilerOf(instance),
  '-Xms512m',
  `-Xmx${HEAP_MIB}m`,
  '-XX:+UseSerialGC',
  '-XX:MaxDirectMemorySize=256m',
  '-XX:+HeapDumpOnOutOfMemoryError',
  `-XX:HeapDumpPath=${folder}`,
  '-Xss512k',
  '-Djdk.attach.allowAttachSelf=true',
  ...EXPORTS.flatMap((one) => ['--add-exports', one]),
  ...OPENS.flatMap((one) => ['--add-opens', one]),
  `-Dcassandra.storagedir=${folder}`,
  `-Dcassandra.config=file://${folder}/cassandra.yaml`,
  `-Dlogback.configurationFile=${folder}/logback.xml`,
  '-Dcassandra-foreground=yes',
  '-Dcassandra.skip_wait_for_gossip_to_settle=0',
  '-Dcassandra.ring_delay_ms=1',
  '-Dcassandra.jmx.local.port=0',
  '-cp',
  `${CACHE}/${NAME}/libs/*`,
  'org.apache.cassandra.service.CassandraDaemon',
];

export const cassandraServer: Server = {
  name: 'cassandra',
  version: VERSION,
  startLimitMs: 120_000,
  install: async (report) => {
    await mavenJars(NAME, `org.apache.cassandra:cassandra-all:${VERSION}`, report);
  },
  launch: async (instance) => {
    const folder = resolve(instance.home, 'data', 'cassandra');
    mkdirSync(folder, { recursive: true });
    writeFileSync(resolve(folder, 'cassandra.yaml'), yaml(instance, folder));
    writeFileSync(resolve(folder, 'logback.xml'), LOGBACK);
    const env = { PATH: process.env['PATH'] ?? '' };
    return { command: 'java', args: javaArgs(folder, instance), env, cwd: folder };
  },
  isWell: async (instance) => {
    const client = new Client({
      contactPoints: [`127.0.0.1:${instance.port('cassandra')}`],
      localDataCenter: 'datacenter1',
      socketOptions: { connectTimeout: 1_000, readTimeout: 2_000 },
    });
    try {
      await client.connect();
      await client.execute('select release_version from system.local');
      return true;
    } catch {
      return false;
    } finally {
      await client.shutdown().catch(() => undefined);
    }
  },
};
