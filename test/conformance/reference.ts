// Implements the conformance suite's reference service behind our listeners and interceptors:
// https://github.com/connectrpc/conformance/blob/main/docs/configuring_and_running_tests.md
import {
  create,
  createFileRegistry,
  fromBinary,
  toBinary,
  type DescMessage,
  type Message,
} from '@bufbuild/protobuf';
import { anyPack, FileDescriptorSetSchema, type Any } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError, type ConnectRouter, type HandlerContext } from '@connectrpc/connect';

interface Header {
  name: string;
  value: string[];
}

interface Failure {
  code: Code;
  message?: string;
  details: Any[];
}

interface Definition {
  responseHeaders: Header[];
  responseTrailers: Header[];
  responseDelayMs: number;
}

type UnaryDefinition = Definition & {
  response:
    | { case: 'responseData'; value: Uint8Array }
    | { case: 'error'; value: Failure }
    | { case: undefined };
};
type StreamDefinition = Definition & { responseData: Uint8Array[]; error?: Failure };
type Requested<D> = Message & { responseDefinition?: D };

export const registryOf = (descriptors: Uint8Array) =>
  createFileRegistry(fromBinary(FileDescriptorSetSchema, descriptors));

type Registry = ReturnType<typeof registryOf>;
const PACKAGE = 'connectrpc.conformance.v1';

const messageOf = (registry: Registry, name: string): DescMessage => {
  const schema = registry.getMessage(`${PACKAGE}.${name}`);
  if (!schema) throw new Error(`the descriptors have no ${name}`);
  return schema;
};

const listed = (headers: Headers): Header[] =>
  [...headers].map(([name, value]) => ({ name, value: value.split(', ') }));

const published = (definition: Definition | undefined, context: HandlerContext): void => {
  for (const { name, value } of definition?.responseHeaders ?? []) {
    for (const one of value) context.responseHeader.append(name, one);
  }
  for (const { name, value } of definition?.responseTrailers ?? []) {
    for (const one of value) context.responseTrailer.append(name, one);
  }
};

const all = async <M>(stream: AsyncIterable<M>): Promise<M[]> => {
  const messages: M[] = [];
  for await (const one of stream) messages.push(one);
  return messages;
};

/** The response that the suite expects: the request as it arrived, also inside of errors. */
const echoes = (registry: Registry) => {
  const infoSchema = messageOf(registry, 'ConformancePayload.RequestInfo');
  const infoOf = (requested: Message[], context: HandlerContext): Message => {
    const timeoutMs = context.timeoutMs();
    const query = [...new URL(context.url).searchParams].map(([name, value]) => ({
      name,
      value: [value],
    }));
    return create(infoSchema, {
      requestHeaders: listed(context.requestHeader),
      requests: requested.map((one) =>
        anyPack(messageOf(registry, one.$typeName.slice(PACKAGE.length + 1)), one),
      ),
      ...(timeoutMs !== undefined && { timeoutMs: BigInt(Math.ceil(timeoutMs)) }),
      ...(context.requestMethod === 'GET' && { connectGetInfo: { queryParams: query } }),
    });
  };
  const failureOf = (failure: Failure, info: Message | undefined): ConnectError => {
    const error = new ConnectError(failure.message ?? '', failure.code);
    for (const any of failure.details) {
      const desc = registry.getMessage(any.typeUrl.split('/').at(-1) ?? '');
      if (desc) error.details.push({ desc, value: fromBinary(desc, any.value) });
    }
    if (info) error.details.push({ desc: infoSchema, value: info });
    return error;
  };
  return { infoOf, failureOf };
};

const handlersOf = (registry: Registry) => {
  const { infoOf, failureOf } = echoes(registry);
  const unary = async (requested: Requested<UnaryDefinition>[], context: HandlerContext) => {
    const definition = requested[0]?.responseDefinition;
    const info = infoOf(requested, context);
    published(definition, context);
    await Bun.sleep(definition?.responseDelayMs ?? 0);
    const answer = definition?.response;
    if (answer?.case === 'error') throw failureOf(answer.value, info);
    const data = answer?.case === 'responseData' ? { data: answer.value } : {};
    return { payload: { ...data, requestInfo: info } };
  };
  async function* streamed(requested: Requested<StreamDefinition>[], context: HandlerContext) {
    const definition = requested[0]?.responseDefinition;
    published(definition, context);
    let info: Message | undefined = infoOf(requested, context);
    for (const data of definition?.responseData ?? []) {
      await Bun.sleep(definition?.responseDelayMs ?? 0);
      yield { payload: { data, ...(info && { requestInfo: info }) } };
      info = undefined;
    }
    if (definition?.error) throw failureOf(definition.error, info);
  }
  type Unary = Requested<UnaryDefinition>;
  type Streamed = Requested<StreamDefinition>;
  return {
    unary: (requested: Unary, context: HandlerContext) => unary([requested], context),
    idempotentUnary: (requested: Unary, context: HandlerContext) => unary([requested], context),
    clientStream: async (stream: AsyncIterable<Unary>, context: HandlerContext) =>
      unary(await all(stream), context),
    serverStream: (requested: Streamed, context: HandlerContext) => streamed([requested], context),
    async *bidiStream(stream: AsyncIterable<Streamed>, context: HandlerContext) {
      yield* streamed(await all(stream), context);
    },
  };
};

/** The service; each response is made as its request describes. */
export const conformanceRoutes = (registry: Registry) => {
  const service = registry.getService(`${PACKAGE}.ConformanceService`);
  if (!service) throw new Error('the descriptors have no ConformanceService');
  const handlers = handlersOf(registry) as never;
  return (router: ConnectRouter): ConnectRouter => router.service(service, handlers);
};

/** Messages of the runner on standard input and output: 4 bytes of length, then the message. */
export const frame = (schema: DescMessage, value: object): Uint8Array => {
  const bytes = toBinary(schema, create(schema, value as never));
  const framed = new Uint8Array(4 + bytes.length);
  new DataView(framed.buffer).setUint32(0, bytes.length);
  framed.set(bytes, 4);
  return framed;
};
