// Renders an API's description as an HTML page, without scripts or external content.
import { z } from 'zod';

const parameter = z.object({
  name: z.string(),
  in: z.string(),
  required: z.boolean(),
  description: z.string().optional(),
});
const content = z.record(z.string(), z.object({ schema: z.unknown().optional() }));
const operation = z.object({
  summary: z.string(),
  security: z.array(z.record(z.string(), z.array(z.string()))).optional(),
  parameters: z.array(parameter),
  requestBody: z.object({ content }).optional(),
  responses: z.record(
    z.string(),
    z.object({ description: z.string(), content: content.optional() }),
  ),
});
const description = z.object({
  info: z.object({ title: z.string(), version: z.string(), description: z.string() }),
  paths: z.record(z.string(), z.record(z.string(), operation)),
});
type Operation = z.output<typeof operation>;

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escaped = (text: string): string => text.replace(/[&<>"]/g, (char) => ENTITIES[char] ?? char);

const STYLE = `body{font:16px/1.5 system-ui,sans-serif;max-width:60rem}
body{margin:2rem auto;padding:0 1rem}
code,pre{font:13px/1.5 ui-monospace,monospace;background:#f4f4f2;border-radius:4px}
code{padding:.1em .3em}pre{padding:.8em;overflow:auto}
section{border-top:1px solid #ddd;padding:.6rem 0}h2 b{color:#06c}table{border-collapse:collapse}
td{padding:.15em 1em .15em 0;vertical-align:top}nav a{display:block}
@media(prefers-color-scheme:dark){body{background:#181818;color:#ddd}code,pre{background:#262626}
section{border-color:#333}h2 b,a{color:#7bf}}`;

const idOf = (method: string, path: string): string => `${method}-${path.replace(/\W+/g, '-')}`;

const schemas = (title: string, of: z.output<typeof content> | undefined): string =>
  Object.entries(of ?? {})
    .map(
      ([type, { schema }]) =>
        `<details><summary>${title} <code>${escaped(type)}</code></summary><pre>${escaped(
          JSON.stringify(schema ?? {}, null, 2),
        )}</pre></details>`,
    )
    .join('');

const parameterRows = ({ parameters }: Operation): string =>
  parameters
    .map(({ name, in: location, required, description: why = '' }) => {
      const where = `${location}${required ? ', needed' : ''}`;
      return `<tr><td><code>${escaped(name)}</code><td>${where}<td>${escaped(why)}`;
    })
    .join('');

const responseRows = ({ responses }: Operation): string =>
  Object.entries(responses)
    .map(([status, one]) => `<tr><td>${status}<td>${escaped(one.description)}`)
    .join('');

const section = (method: string, path: string, one: Operation): string => {
  const scope = one.security?.flatMap((each) => Object.values(each).flat()).join(', ');
  const ok = Object.values(one.responses).find(({ content: of }) => of?.['application/json']);
  const title = `<b>${method.toUpperCase()}</b> ${escaped(path)}`;
  return `<section id="${idOf(method, path)}"><h2>${title}</h2>
<p>${escaped(one.summary)}${scope ? ` Scope <code>${escaped(scope)}</code>.` : ''}</p>
<table>${parameterRows(one)}</table>${schemas('Body', one.requestBody?.content)}
<table>${responseRows(one)}</table>${schemas('Answer', ok?.content)}</section>`;
};

/** The whole page. */
export const openapiPage = (json: unknown): string => {
  const { info, paths } = description.parse(json);
  const all = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, one]) => ({ method, path, one })),
  );
  const links = all.map(
    ({ method, path }) =>
      `<a href="#${idOf(method, path)}">${method.toUpperCase()} ${escaped(path)}</a>`,
  );
  return `<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<title>${escaped(info.title)}</title><style>${STYLE}</style>
<h1>${escaped(info.title)} ${escaped(info.version)}</h1><p>${escaped(info.description)}</p>
<p>As a file: <a href="/openapi.json">openapi.json</a></p><nav>${links.join('')}</nav>
${all.map(({ method, path, one }) => section(method, path, one)).join('\n')}</html>\n`;
};

/** The page's policy: it may load and run nothing. */
export const PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";
