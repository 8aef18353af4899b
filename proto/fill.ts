// Fills protobuf messages from domain values, by the messages' own descriptors.
import {
  create,
  ScalarType,
  type DescEnum,
  type DescField,
  type DescMessage,
  type Message,
  type MessageInitShape,
  type MessageShape,
} from '@bufbuild/protobuf';
import { timestampFromDate, TimestampSchema, type Timestamp } from '@bufbuild/protobuf/wkt';

/** What fills a field: 64 bits a number, a timestamp a Date, an enum the value's name. */
type Filling<T> = T extends Timestamp
  ? Date
  : T extends bigint
    ? number
    : T extends Message
      ? Fillings<T>
      : T extends readonly (infer U)[]
        ? readonly Filling<U>[]
        : T extends number
          ? number | string
          : T;

/** Every field has to be given, if only as undefined: a forgotten one does not compile. */
export type Fillings<T> = {
  [K in Exclude<keyof T, '$typeName' | '$unknown'>]-?:
    | Filling<NonNullable<T[K]>>
    | null
    | undefined;
};

type Json = Record<string, unknown>;

/** `returned_to_sender` is the value RETURNED_TO_SENDER. */
const enumValue = (desc: DescEnum, name: unknown): number => {
  const local = String(name).toUpperCase();
  const found = desc.values.find(({ localName }) => localName === local);
  if (!found) throw new Error(`${desc.typeName} has no value ${local}`);
  return found.number;
};

const WIDE: readonly (ScalarType | undefined)[] = [ScalarType.INT64, ScalarType.UINT64];

const single = (
  { scalar, message, enum: desc }: Pick<DescField, 'scalar' | 'message' | 'enum'>,
  value: unknown,
): unknown => {
  if (desc) return enumValue(desc, value);
  if (message?.typeName === TimestampSchema.typeName) return timestampFromDate(value as Date);
  if (message) return filled(message, value as Json);
  return WIDE.includes(scalar) ? BigInt(value as number) : value;
};

const filled = (desc: DescMessage, from: Json): Message => {
  const init: Json = {};
  for (const field of desc.fields) {
    const value = from[field.localName] ?? undefined;
    if (value === undefined) continue;
    if (field.fieldKind === 'list') {
      init[field.localName] = (value as unknown[]).map((one) => single(field, one));
    } else init[field.localName] = field.fieldKind === 'map' ? value : single(field, value);
  }
  return create(desc, init as MessageInitShape<DescMessage>);
};

/**
 * The message of these values; members that it has no field for stay out of it, and what is null
 * or undefined stays unset. A name that an enum does not know is a fault of ours: it throws.
 */
export const messageOf = <D extends DescMessage>(
  desc: D,
  from: Fillings<MessageShape<D>>,
): MessageShape<D> => filled(desc, from) as MessageShape<D>;

type NameOf<E> = Exclude<keyof E & string, 'UNSPECIFIED'>;

/** The name of an enum's value; what is unspecified is a fault of ours: it throws. */
export const enumName = <E extends Record<string, string | number>>(
  of: E,
  value: number,
): NameOf<E> => {
  const name = of[value];
  if (typeof name === 'string' && name !== 'UNSPECIFIED') return name as NameOf<E>;
  throw new Error(`an enum has the value ${value}, which means nothing here`);
};

/** The same as domain texts are written: RETURNED_TO_SENDER is `returned_to_sender`. */
export const enumText = <E extends Record<string, string | number>>(
  of: E,
  value: number,
): Lowercase<NameOf<E>> => enumName(of, value).toLowerCase() as Lowercase<NameOf<E>>;
