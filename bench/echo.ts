// The raw baseline of HTTP reads: Bun.serve answering fixed bytes, and nothing else.
const [port = '0', body = ''] = process.argv.slice(2);
const bytes = new TextEncoder().encode(body);

Bun.serve({
  port: Number(port),
  hostname: '127.0.0.1',
  fetch: () => new Response(bytes, { headers: { 'content-type': 'application/json' } }),
});
