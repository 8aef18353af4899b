// The commands that repair read models: rebuild, compare, dead-letters.
import { LISTING_BUCKETS_MAX } from '../../db/cassandra/schema.ts';
import { command, commandOf, wholeNumber } from '../arguments.ts';
import { print } from '../output.ts';
import { instanceOf, onTests } from './on-tests.ts';

const failedBy = (differences: number): 1 | undefined => (differences > 0 ? 1 : undefined);

const rebuildStock = command({
  name: 'stock',
  summary: 'fill Redis from the ledger, whatever it has',
  about: 'Fills Redis from the ledger in Postgres. Reservations answer REBUILDING meanwhile.',
  example: 'rebuild stock',
  options: onTests,
  run: async (values) => (await import('./stock.ts')).rebuildStockNow(instanceOf(values), print),
});

const rebuildOrders = command({
  name: 'orders',
  summary: 'make the order read model again from its topic, and compare it',
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
  summary: 'fill fresh search tables, compare them, switch to them',
  about:
    'Fills fresh tables from the topics, and from Postgres where a topic lacks something, ' +
    'compares them with the live ones, and switches. Traffic goes on meanwhile.',
  example: 'rebuild search --buckets 8',
  options: {
    buckets: wholeNumber('N', 'partitions of a listing (as many as now without it)', [
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
  summary: 'Redis with the ledger',
  about: 'Prints every difference between Redis and the ledger; ends with 1 when there is one.',
  example: 'compare stock',
  options: onTests,
  run: async (values) =>
    failedBy(await (await import('./stock.ts')).checkStock(instanceOf(values), print)),
});

const compareSearch = command({
  name: 'search',
  summary: 'Cassandra with Postgres',
  about: 'Prints every difference between Search and Postgres; ends with 1 when there is one.',
  example: 'compare search',
  options: onTests,
  run: async (values) =>
    failedBy(await (await import('./search.ts')).checkSearch(instanceOf(values), print)),
});

const compare = commandOf({
  name: 'compare',
  summary: 'a read model with the truth in Postgres',
  about: 'Compares a read model with what it is made from. `check` is another name for it.',
  example: 'compare stock',
  commands: [compareStock, compareSearch],
});

/** The earlier name of `compare`, which leaves open what is checked. */
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
  summary: 'what could not be projected, and why',
  about: 'Prints every message of the dead-letter topics: where it is, its key, and the cause.',
  example: 'dead-letters list',
  options: onTests,
  run: async (values) => {
    await (await import('./dead-letters.ts')).listDeadLetters(instanceOf(values), print);
  },
});

const replayDeadLetters = command({
  name: 'replay',
  summary: 'send it to its topic once more',
  about: 'Sends every dead letter that was not sent again yet to the topic it came from.',
  example: 'dead-letters replay',
  options: onTests,
  run: async (values) => {
    await (await import('./dead-letters.ts')).replayDeadLetters(instanceOf(values), print);
  },
});

const deadLetters = commandOf({
  name: 'dead-letters',
  summary: 'messages that could not be projected',
  about: 'Lists messages that could not be projected, and sends them once more.',
  example: 'dead-letters list',
  commands: [listDeadLetters, replayDeadLetters],
});

const rebuild = commandOf({
  name: 'rebuild',
  summary: 'a read model from what it is made from',
  about: 'Makes a read model again from what it is made from, while traffic goes on.',
  example: 'rebuild search',
  commands: [rebuildStock, rebuildOrders, rebuildSearch],
});

export const REPAIR = [rebuild, compare, check, deadLetters];
