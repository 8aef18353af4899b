// Opens spans manually, because automatic instrumentation does not support ESM here.
import {
  context,
  propagation,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Attributes,
  type Span,
  type SpanContext,
  type Tracer,
} from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';

/** A tracer that only propagates ids: without an exporter spans cost nothing. */
const carrying: Tracer = {
  startSpan: () => trace.getActiveSpan() ?? trace.wrapSpanContext(newTrace()),
  startActiveSpan: (...given: unknown[]) => {
    const work = given.at(-1) as (span: Span) => unknown;
    const active = trace.getActiveSpan();
    if (active) return work(active) as never;
    const span = trace.wrapSpanContext(newTrace());
    return context.with(trace.setSpan(context.active(), span), () => work(span)) as never;
  },
};

const newTrace = (): SpanContext => {
  const digits = crypto.randomUUID().replaceAll('-', '');
  return { traceId: digits, spanId: digits.slice(16), traceFlags: TraceFlags.NONE };
};

const exporting = (endpoint: string): TracerProvider => {
  const exporter = new OTLPTraceExporter({ url: `${endpoint}/v1/traces` });
  return new TracerProvider({ spanProcessors: [new BatchSpanProcessor({ exporter })] });
};

/** Installs the tracer once per process; without an endpoint only the trace id is propagated. */
export const installTracing = (endpoint: string | undefined): (() => Promise<void>) => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  const provider = endpoint ? exporting(endpoint) : undefined;
  trace.setGlobalTracerProvider(provider ?? { getTracer: () => carrying });
  return async () => provider?.shutdown();
};

/** Runs `work` inside a span; an error marks it failed and is rethrown. */
export const inSpan = async <T>(
  name: string,
  attributes: Attributes,
  work: () => Promise<T>,
  kind: SpanKind = SpanKind.INTERNAL,
): Promise<T> =>
  trace.getTracer('holdfast').startActiveSpan(name, { attributes, kind }, async (span) => {
    try {
      return await work();
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR });
      throw error;
    } finally {
      span.end();
    }
  });

/** The current trace as W3C headers (`traceparent`), for an outgoing call or message. */
export const traceHeaders = (): Record<string, string> => {
  const carrier: Record<string, string> = {};
  propagation.inject(context.active(), carrier);
  return carrier;
};

/** Runs `work` in the trace found in `headers`. */
export const withTraceFrom = <T>(headers: Record<string, string>, work: () => T): T =>
  headers['traceparent']
    ? context.with(propagation.extract(context.active(), headers), work)
    : work();
