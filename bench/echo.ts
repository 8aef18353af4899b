// The raw baseline of HTTP APIs: Bun.serve returns fixed bytes, and parses a POST's JSON first.
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
