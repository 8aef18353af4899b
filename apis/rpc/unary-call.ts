// One unary call for its handler and interceptors; unused parts of it are never created.
import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import {
  createContextValues,
  type ContextValues,
  type HandlerContext,
  type MethodImplSpec,
  type UnaryRequest,
  type UnaryResponse,
} from '@connectrpc/connect';
import { createDeadlineSignal, createLinkedAbortController } from '@connectrpc/connect/protocol';

export type UnarySpec = Extract<MethodImplSpec, { kind: 'unary' }>;

/** Context and request in one; its signal aborts with the caller, the deadline, or the response. */
export class UnaryCall implements HandlerContext, UnaryRequest {
  readonly stream = false;
  readonly protocolName = 'connect';
  readonly requestMethod = 'POST';
  readonly contextValues: ContextValues = createContextValues();
  readonly #request: Request;
  readonly #spec: UnarySpec;
  readonly #endsAtMs: number | undefined;
  #abort: ((reason?: unknown) => void) | undefined;
  #signal: AbortSignal | undefined;
  #responseHeader: Headers | undefined;
  #responseTrailer: Headers | undefined;

  constructor(
    spec: UnarySpec,
    request: Request,
    readonly message: MessageShape<DescMessage>,
    timeoutMs: number | undefined,
  ) {
    this.#spec = spec;
    this.#request = request;
    this.#endsAtMs = timeoutMs === undefined ? undefined : Date.now() + timeoutMs;
  }

  get method() {
    return this.#spec.method;
  }

  get service() {
    return this.#spec.method.parent;
  }

  get url() {
    return this.#request.url;
  }

  get header() {
    return this.#request.headers;
  }

  get requestHeader() {
    return this.#request.headers;
  }

  get values() {
    return this.contextValues;
  }

  get responseHeader() {
    return (this.#responseHeader ??= new Headers());
  }

  get responseTrailer() {
    return (this.#responseTrailer ??= new Headers());
  }

  get signal() {
    return (this.#signal ??= this.#begin());
  }

  readonly timeoutMs = (): number | undefined =>
    this.#endsAtMs === undefined ? undefined : this.#endsAtMs - Date.now();

  #begin(): AbortSignal {
    const left = this.timeoutMs();
    const deadline = createDeadlineSignal(left === undefined ? undefined : Math.max(0, left));
    const controller = createLinkedAbortController(deadline.signal, this.#request.signal);
    this.#abort = (reason) => {
      deadline.cleanup();
      controller.abort(reason);
    };
    return controller.signal;
  }

  /** The response for the interceptors. */
  answered(message: MessageShape<DescMessage>): UnaryResponse {
    return new UnaryAnswer(this, message);
  }

  /** The headers and trailers that were set, if any. */
  metadata(): { header: Headers | undefined; trailer: Headers | undefined } {
    return { header: this.#responseHeader, trailer: this.#responseTrailer };
  }

  /** Aborts the signal, if it was read. */
  end(reason?: unknown): void {
    this.#abort?.(reason);
  }
}

class UnaryAnswer implements UnaryResponse {
  readonly stream = false;
  readonly #call: UnaryCall;

  constructor(
    call: UnaryCall,
    readonly message: MessageShape<DescMessage>,
  ) {
    this.#call = call;
  }

  get method() {
    return this.#call.method;
  }

  get service() {
    return this.#call.service;
  }

  get header() {
    return this.#call.responseHeader;
  }

  get trailer() {
    return this.#call.responseTrailer;
  }
}
