// Makes one page of a list; public lists have the next page's cursor also as a Link (RFC 8288).
import type { Cursors } from './cursors.ts';
import { reply, type Reply } from './routes.ts';

interface Listing<T, R> {
  cursors: Cursors;
  /** Names the list, so that another list's cursor is refused. */
  list: string;
  limit: number;
  /** One more than `limit` when there is a next page. */
  items: T[];
  toResponse(item: T): R;
  positionOf(item: T): string;
}

export interface Page<R> {
  items: R[];
  nextCursor: string | null;
}

export const listPage = <T, R>(listing: Listing<T, R>): Page<R> => {
  const { cursors, list, limit, items } = listing;
  const page = items.slice(0, limit);
  const last = items.length > limit ? page.at(-1) : undefined;
  const nextCursor = last ? cursors.seal(list, listing.positionOf(last)) : null;
  return { items: page.map(listing.toResponse), nextCursor };
};

/** 200 with `items` and `nextCursor`; the link repeats the other parameters. */
export const listReply = <T, R>({
  request,
  ...listing
}: Listing<T, R> & { request: Request }): Reply<Page<R>> => {
  const page = listPage(listing);
  const { nextCursor } = page;
  const url = new URL(request.url);
  if (nextCursor) url.searchParams.set('cursor', nextCursor);
  const link = `<${url.pathname}${url.search}>; rel="next"`;
  return reply(page, 200, nextCursor ? { link } : {});
};
