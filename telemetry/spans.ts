// Spans: opened by hand in thin wrappers, because automatic instrumentation does not see ESM here.
import {
  context,
  propagation,
  SpanKind,
  SpanStatusCode,
  trace,
  type Attributes,
} from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';

/** Installs the tracer once a process; without an endpoint spans only carry the trace id on. */
export const installTracing = (endpoint: string | undefined): (() => Promise<void>) => {
  const exporter = endpoint ? new OTLPTraceExporter({ url: `${endpoint}/v1/traces` }) : undefined;
  const spanProcessors = exporter ? [new BatchSpanProcessor({ exporter })] : [];
  const provider = new TracerProvider({ spanProcessors });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  trace.setGlobalTracerProvider(provider);
  return () => provider.shutdown();
};

/** Runs `work` inside a span; a thrown error marks it failed and goes on. */
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

/** The present trace as W3C headers (`traceparent`), to be sent along with a call or message. */
export const traceHeaders = (): Record<string, string> => {
  const carrier: Record<string, string> = {};
  propagation.inject(context.active(), carrier);
  return carrier;
};

/** Goes on with the trace found in `headers`. */
export const withTraceFrom = <T>(headers: Record<string, string>, work: () => T): T =>
  context.with(propagation.extract(context.active(), headers), work);
