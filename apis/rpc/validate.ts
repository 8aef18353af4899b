// Checks a request against the rules in its contract before any handler runs.
import type { DescMessage, Message } from '@bufbuild/protobuf';
import { createValidator, type Violation } from '@bufbuild/protovalidate';
import type { Interceptor } from '@connectrpc/connect';
import { DomainError, type FieldError } from '../../domain/errors.ts';

/** The most violations that are listed. */
const VIOLATIONS_MAX = 20;

/** The patterns are our own contracts', so the engine of the runtime is safe and fast. */
const matching = () => {
  const compiled = new Map<string, RegExp>();
  return (pattern: string, text: string): boolean => {
    const known = compiled.get(pattern);
    const regex = known ?? new RegExp(pattern, 'u');
    if (!known) compiled.set(pattern, regex);
    return regex.test(text);
  };
};

/** `lines.0.sku`, in the names of the JSON form. */
const fieldOf = ({ field, message }: Violation): FieldError => {
  const path = field.map((part) => {
    if (part.kind === 'field') return part.jsonName;
    if (part.kind === 'list_sub') return String(part.index);
    return part.kind === 'map_sub' ? String(part.key) : '';
  });
  return { path: path.filter((part) => part !== '').join('.'), message };
};

/** Refuses a request that violates its contract's rules: INVALID_INPUT with every wrong field. */
export const validating = (): Interceptor => {
  const validator = createValidator({ regexMatch: matching() });
  const assertValid = (schema: DescMessage, message: Message): void => {
    const result = validator.validate(schema, message);
    if (result.kind === 'valid') return;
    if (result.kind === 'error') throw result.error;
    const fields = result.violations.slice(0, VIOLATIONS_MAX).map(fieldOf);
    const [first] = fields;
    throw new DomainError('INVALID_INPUT', `${first?.path}: ${first?.message}`, { fields });
  };
  return (next) => async (request) => {
    const schema = request.method.input;
    if (!request.stream) {
      assertValid(schema, request.message);
      return next(request);
    }
    const { message } = request;
    const checked = async function* () {
      for await (const one of message) {
        assertValid(schema, one);
        yield one;
      }
    };
    return next({ ...request, message: checked() });
  };
};
