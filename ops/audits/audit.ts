// `./holdfast audit`: judges from outside, and their figures.
import { SHOP_OPENAPI_FILE } from '../../apis/gateway/description.ts';
import { OPENAPI_FILE } from '../../apis/products/routes.ts';
import { UsageError } from '../arguments.ts';
import { publicEnvironment } from '../environment.ts';
import { testInstance } from '../instance.ts';
import type { Say } from '../servers/server.ts';
import { bringUp } from '../up.ts';
import { owasp } from './owasp.ts';
import { schemathesis, type Requested } from './schemathesis.ts';

const SUITES = ['shop', 'products', 'graphql'];

const suitesOf = (env: Record<string, string>): Requested[] => {
  const baseUrl = env['GATEWAY_URL'] ?? '';
  return [
    {
      name: 'shop',
      schemaUrl: `${baseUrl}/shop/openapi.json`,
      baseUrl,
      exclude: 'sign-out|revoke',
    },
    {
      name: 'products',
      schemaUrl: `${baseUrl}/openapi.json`,
      baseUrl,
      token: env['STORE_KEY'],
      // A file is taken as it comes: what is wrong in it is told by the import, row by row.
      exclude: '^/imports$',
    },
    { name: 'graphql', schemaUrl: `${baseUrl}/graphql`, baseUrl },
  ];
};

const DESCRIPTIONS = { shop: SHOP_OPENAPI_FILE, products: OPENAPI_FILE };

interface Verdict {
  figure: string;
  failed: boolean;
  report: string;
}

const judgedByOwasp = async (name: keyof typeof DESCRIPTIONS, say: Say): Promise<Verdict> => {
  const found = await owasp(name, DESCRIPTIONS[name], say);
  const figure = `${found.length} findings`;
  return { figure, failed: found.length > 0, report: found.join('\n') };
};

type Judge = () => Promise<Verdict>;

/** Every judge by what it is called; those that call the shop have it brought up. */
const judgesOf = (say: Say): Record<string, Judge> => {
  const instance = testInstance();
  const calling =
    (name: string): Judge =>
    async () => {
      await bringUp(instance, say);
      const suite = suitesOf(await publicEnvironment(instance)).find((one) => one.name === name);
      if (!suite) throw new Error(`there is no suite ${name}`);
      return schemathesis(suite, say);
    };
  const judges = Object.keys(DESCRIPTIONS) as (keyof typeof DESCRIPTIONS)[];
  return {
    ...Object.fromEntries(
      judges.map((name) => [`owasp-${name}`, () => judgedByOwasp(name, say)] as const),
    ),
    ...Object.fromEntries(SUITES.map((name) => [name, calling(name)] as const)),
  };
};

/** Runs all of them, or the named ones; answers how many found something. */
export const audit = async (names: string[], print: Say, say: Say): Promise<number> => {
  const judges = judgesOf(say);
  const unknown = names.find((name) => !Object.hasOwn(judges, name));
  if (unknown) {
    throw new UsageError(`unknown audit ${unknown}; there is ${Object.keys(judges).join(', ')}`);
  }
  let failed = 0;
  for (const [name, judge] of Object.entries(judges)) {
    if (names.length > 0 && !names.includes(name)) continue;
    const verdict = await judge();
    if (verdict.failed) {
      failed++;
      print(verdict.report);
    }
    print(`${name}: ${verdict.figure}${verdict.failed ? ', FAILED' : ', ok'}`);
  }
  return failed;
};
