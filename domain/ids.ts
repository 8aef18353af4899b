// Ids: three letters, an underscore and 26 sortable characters (the ULID layout, lower case).

export const ID_PREFIXES = {
  store: 'sto',
  product: 'prd',
  collection: 'col',
  order: 'ord',
  reservation: 'rsv',
  event: 'evt',
  key: 'key',
  return: 'ret',
  refund: 'rfd',
  action: 'act',
  attention: 'att',
  import: 'imp',
  account: 'acc',
  session: 'ses',
  credential: 'crd',
  verification: 'ver',
  cart: 'crt',
} as const;

export type IdKind = keyof typeof ID_PREFIXES;
export type Id<K extends IdKind> = `${(typeof ID_PREFIXES)[K]}_${string}`;
export type StoreId = Id<'store'>;
export type ProductId = Id<'product'>;
export type CollectionId = Id<'collection'>;
export type ImportId = Id<'import'>;

/** The default store of a single machine; other stores get generated ids of the same shape. */
export const DEFAULT_STORE: StoreId = 'sto_default';

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const TIME_CHARACTERS = 10;
const RANDOM_CHARACTERS = 16;
const BODY = /^[0-9a-z]{1,40}$/;

const encodeTime = (atMs: number): string => {
  let rest = atMs;
  let text = '';
  for (let i = 0; i < TIME_CHARACTERS; i++) {
    text = ALPHABET[rest % 32] + text;
    rest = Math.floor(rest / 32);
  }
  return text;
};

/**
 * Makes a new id that sorts by its creation millisecond. Not for workflow code, because it is
 * random.
 */
export const newId = <K extends IdKind>(kind: K, atMs: number = Date.now()): Id<K> => {
  const bytes = crypto.getRandomValues(new Uint8Array(RANDOM_CHARACTERS));
  const random = Array.from(bytes, (byte) => ALPHABET[byte & 31]).join('');
  return `${ID_PREFIXES[kind]}_${encodeTime(atMs)}${random}`;
};

/** Sorts before every id of this kind that is made at `atMs` or later. */
export const lowestIdAt = (kind: IdKind, atMs: number): string =>
  `${ID_PREFIXES[kind]}_${encodeTime(Math.max(0, atMs))}`;

/** The creation millisecond of an id made by `newId`. */
export const madeAtMs = (id: string): number => {
  const time = id.slice(id.indexOf('_') + 1).slice(0, TIME_CHARACTERS);
  return time.split('').reduce((ms, character) => ms * 32 + ALPHABET.indexOf(character), 0);
};

/** Makes a cart id of 130 random bits without a time, because the id alone opens a guest's cart. */
export const newCartId = (): Id<'cart'> => {
  const bytes = crypto.getRandomValues(new Uint8Array(TIME_CHARACTERS + RANDOM_CHARACTERS));
  return `${ID_PREFIXES.cart}_${Array.from(bytes, (byte) => ALPHABET[byte & 31]).join('')}`;
};

/** True when `value` has the shape of an id of this kind; existence is not checked. */
export const isId = <K extends IdKind>(kind: K, value: unknown): value is Id<K> =>
  typeof value === 'string' &&
  value.startsWith(`${ID_PREFIXES[kind]}_`) &&
  BODY.test(value.slice(ID_PREFIXES[kind].length + 1));

/** The order whose reservation it is, if it is an order's. */
export const orderIdOfReservation = (reservationId: string): string =>
  `${ID_PREFIXES.order}_${reservationId.slice(ID_PREFIXES.reservation.length + 1)}`;

/** Derives an order's reservation id: the same sortable suffix with another prefix. */
export const reservationIdOf = (orderId: string): Id<'reservation'> =>
  `${ID_PREFIXES.reservation}_${orderId.slice(ID_PREFIXES.order.length + 1)}`;
