// Lists: one page, the cursor of the next one, and the same as a Link header (RFC 8288).
import type { Cursors } from './cursors.ts';
import { json } from './routes.ts';

interface ListAnswer<T> {
  cursors: Cursors;
  /** Names the list, so that another list's cursor is refused. */
  list: string;
  request: Request;
  limit: number;
  /** One more than `limit` when there is a next page. */
  items: T[];
  show(item: T): unknown;
  positionOf(item: T): string;
}

/** 200 with `items` and `nextCursor`; what was asked for stays in the link. */
export const listAnswer = <T>(answer: ListAnswer<T>): Response => {
  const { cursors, list, request, limit, items } = answer;
  const page = items.slice(0, limit);
  const last = items.length > limit ? page.at(-1) : undefined;
  const nextCursor = last ? cursors.seal(list, answer.positionOf(last)) : null;
  const url = new URL(request.url);
  if (nextCursor) url.searchParams.set('cursor', nextCursor);
  const link = `<${url.pathname}${url.search}>; rel="next"`;
  return json({ items: page.map(answer.show), nextCursor }, 200, nextCursor ? { link } : {});
};
