// The commands that repair read models: rebuild, compare, dead-letters.
import { LISTING_BUCKETS_MAX } from '../../db/cassandra/schema.ts';
import { command, commandOf, wholeNumber } from '../arguments.ts';
import { print } from '../output.ts';
import { instanceOf, onTests } from './on-tests.ts';

const failedBy = (differences: number): 1 | undefined => (differences > 0 ? 1 : undefined);

const rebuildStock = command({
  name: 'stock',
  summary: 'fill Redis from the ledger',
  about:
    'Fills Redis from the ledger in Postgres. Reservations are refused with REBUILDING meanwhile.',
  example: 'rebuild stock',
  options: onTests,
  run: async (values) => (await import('./stock.ts')).rebuildStockNow(instanceOf(values), print),
});

const rebuildOrders = command({
  name: 'orders',
  summary: 'rebuild the order read model from its topic, and compare it',
  about: 'Folds every order event of the topic again, and compares the result with Postgres.',
  example: 'rebuild orders',
  options: onTests,
  run: async (values) => {
    const { rebuildNow } = await import('./rebuild-orders.ts');
    return failedBy(await rebuildNow(instanceOf(values), print));
  },
});

const rebuildSearch = command({
  name: 'search',
  summary: 'fill new search tables, compare them, switch to them',
  about:
    'Fills new tables from the topics, and from Postgres where a topic lacks events, ' +
    'compares them with the live ones, and switches. Traffic continues meanwhile.',
  example: 'rebuild search --buckets 8',
  options: {
    buckets: wholeNumber('N', 'partitions of a listing (default the present number)', [
      1,
      LISTING_BUCKETS_MAX,
    ]),
    ...onTests,
  },
  run: async (values) => {
    const { rebuildSearch: rebuild } = await import('./search.ts');
    await rebuild(instanceOf(values), print, values.buckets);
  },
});

const compareStock = command({
  name: 'stock',
  summary: 'compare Redis with the ledger',
  about: 'Prints every difference between Redis and the ledger; exits with 1 when there is one.',
  example: 'compare stock',
  options: onTests,
  run: async (values) =>
    failedBy(await (await import('./stock.ts')).checkStock(instanceOf(values), print)),
});

const compareSearch = command({
  name: 'search',
  summary: 'compare Cassandra with Postgres',
  about: 'Prints every difference between Search and Postgres; exits with 1 when there is one.',
  example: 'compare search',
  options: onTests,
  run: async (values) =>
    failedBy(await (await import('./search.ts')).checkSearch(instanceOf(values), print)),
});

const compare = commandOf({
  name: 'compare',
  summary: 'compare a read model with Postgres',
  about: 'Compares a read model with its source. `check` is another name for it.',
  example: 'compare stock',
  commands: [compareStock, compareSearch],
});

/** The former name of `compare`; without an argument it explains both meanings. */
const check: typeof compare = {
  ...compare,
  name: 'check',
  isAlias: true,
  run: async (words) => {
    if (compare.commands.some(({ name }) => name === words[0])) return compare.run(words);
    throw new Error(
      'check what? ./holdfast lint checks the sources, ./holdfast compare stock|search the stores',
    );
  },
};

const listDeadLetters = command({
  name: 'list',
  summary: 'messages that could not be projected, with their cause',
  about: 'Prints every message of the dead-letter topics: its position, key and cause.',
  example: 'dead-letters list',
  options: onTests,
  run: async (values) => {
    await (await import('./dead-letters.ts')).listDeadLetters(instanceOf(values), print);
  },
});

const replayDeadLetters = command({
  name: 'replay',
  summary: 'replay them to their topics',
  about: 'Sends every dead letter that was not replayed yet to its original topic.',
  example: 'dead-letters replay',
  options: onTests,
  run: async (values) => {
    await (await import('./dead-letters.ts')).replayDeadLetters(instanceOf(values), print);
  },
});

const deadLetters = commandOf({
  name: 'dead-letters',
  summary: 'messages that could not be projected',
  about: 'Lists messages that could not be projected, and replays them.',
  example: 'dead-letters list',
  commands: [listDeadLetters, replayDeadLetters],
});

const rebuild = commandOf({
  name: 'rebuild',
  summary: 'rebuild a read model from its source',
  about: 'Rebuilds a read model from its source while traffic continues.',
  example: 'rebuild search',
  commands: [rebuildStock, rebuildOrders, rebuildSearch],
});

export const REPAIR = [rebuild, compare, check, deadLetters];
