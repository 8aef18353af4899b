// Serves Temporal's codec endpoint, which decrypts payloads for operators.
import type { PayloadCodec } from '@temporalio/common';
import { z } from 'zod';
import { jsonBody, parsed } from '../http/body.ts';
import { NO_CONTENT, noContent, reply, route, type Route } from '../http/routes.ts';

const PAYLOADS_MAX = 1_000;

/** Payloads as protobuf JSON: bytes in base64. */
const payloadsBody = z.object({
  payloads: z
    .array(
      z.object({
        metadata: z.record(z.string(), z.base64()).default({}),
        data: z.base64().default(''),
      }),
    )
    .max(PAYLOADS_MAX),
});

const payloadsResponse = z.object({
  payloads: z
    .array(z.object({ metadata: z.record(z.string(), z.base64()), data: z.base64() }))
    .max(PAYLOADS_MAX),
});

const bytesOf = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'base64'));
const textOf = (bytes: Uint8Array | null | undefined): string =>
  Buffer.from(bytes ?? []).toString('base64');

const mapped = <A, B>(record: Record<string, A>, change: (value: A) => B): Record<string, B> =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]));

/** Only pages of the UI may read the response; `*` is never sent. */
const corsOf = (uiOrigin: string): Record<string, string> => ({
  'access-control-allow-origin': uiOrigin,
  'access-control-allow-headers': 'authorization,content-type,x-namespace',
  'access-control-allow-methods': 'POST',
  vary: 'origin',
});

/**
 * https://docs.temporal.io/codec-server. An operator's key is required, except with `isOpen` (one
 * machine).
 */
export const codecRoutes = (codec: PayloadCodec, uiOrigin: string, isOpen: boolean): Route[] => [
  route({
    method: 'post',
    path: '/codec/decode',
    summary: "Decrypt payloads, for operators in Temporal's UI.",
    needs: isOpen ? 'public' : 'recovery',
    response: payloadsResponse,
    statuses: { 200: 'the payloads, readable' },
    handler: async ({ request }) => {
      const { payloads } = parsed(payloadsBody, await jsonBody(request));
      const sealed = payloads.map(({ metadata, data }) => ({
        metadata: mapped(metadata, bytesOf),
        data: bytesOf(data),
      }));
      const opened = (await codec.decode(sealed)).map(({ metadata, data }) => ({
        metadata: mapped(metadata ?? {}, textOf),
        data: textOf(data),
      }));
      return reply({ payloads: opened }, 200, { ...corsOf(uiOrigin), 'cache-control': 'no-store' });
    },
  }),
  route({
    method: 'options',
    path: '/codec/decode',
    summary: "The CORS preflight of Temporal's UI.",
    needs: 'public',
    response: NO_CONTENT,
    statuses: { 204: 'allowed' },
    handler: async () => ({ ...noContent, headers: corsOf(uiOrigin) }),
  }),
];
