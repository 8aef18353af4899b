// The raw baseline of HTTP doors: Bun.serve answering fixed bytes; a POST's JSON is read first.
const [port = '0', body = '', status = '200'] = process.argv.slice(2);
const bytes = new TextEncoder().encode(body);
const answer = { status: Number(status), headers: { 'content-type': 'application/json' } };

Bun.serve({
  port: Number(port),
  hostname: '127.0.0.1',
  fetch: async (request) => {
    if (request.method === 'POST') await request.json();
    return new Response(bytes, answer);
  },
});
