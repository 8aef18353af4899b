// Starts our listeners with the suite's service, as connectconformance expects.
import { readFileSync } from 'node:fs';
import { fromBinary } from '@bufbuild/protobuf';
import { listen } from '../../apis/http/server.ts';
import { listenGrpc, rpcFetch } from '../../apis/rpc/server.ts';
import { DEFAULT_STORE } from '../../domain/ids.ts';
import { createTelemetry } from '../../telemetry/telemetry.ts';
import { conformanceRoutes, frame, registryOf } from './reference.ts';

const GRPC = 2;
const [descriptors = '', portText = '0'] = process.argv.slice(2);
const registry = registryOf(readFileSync(descriptors));
const requested = registry.getMessage('connectrpc.conformance.v1.ServerCompatRequest');
const answer = registry.getMessage('connectrpc.conformance.v1.ServerCompatResponse');
if (!requested || !answer) throw new Error('these are not the descriptors of the suite');

/** Reads one message: the runner keeps the stream open. */
const read = async (): Promise<Uint8Array> => {
  let input = Buffer.alloc(0);
  for await (const chunk of Bun.stdin.stream()) {
    input = Buffer.concat([input, chunk]);
    const length = input.length < 4 ? Number.POSITIVE_INFINITY : input.readUInt32BE(0);
    if (input.length >= 4 + length) return input.subarray(4, 4 + length);
  }
  throw new Error('the runner sent nothing');
};
const request = fromBinary(requested, await read()) as unknown as { protocol: number };

const service = {
  routes: conformanceRoutes(registry),
  verify: async () => ({ subject: 'conformance', storeId: DEFAULT_STORE }),
  may: () => true,
  telemetry: createTelemetry('conformance', 'silent'),
  registry,
};
const rpc = rpcFetch(service);
const host = '127.0.0.1';
const notFound = () => new Response('not found', { status: 404 });
const port = Number(portText);
const listener =
  request.protocol === GRPC
    ? await listenGrpc(host, port + 1, service)
    : listen(host, port, (one) => rpc(one) ?? notFound());

process.stdout.write(frame(answer, { host, port: listener.port }));
