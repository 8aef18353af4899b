// `./holdfast audit`: judges from outside, on the tests' instance, and their figures.
import { publicEnvironment } from '../environment.ts';
import { testInstance } from '../instance.ts';
import type { Say } from '../servers/server.ts';
import { bringUp } from '../up.ts';
import { schemathesis, type Asked } from './schemathesis.ts';

const suitesOf = (env: Record<string, string>): Asked[] => {
  const baseUrl = env['GATEWAY_URL'] ?? '';
  return [
    {
      name: 'shop',
      schemaUrl: `${baseUrl}/shop/openapi.json`,
      baseUrl,
      exclude: 'sign-out|revoke',
    },
    {
      ...{ name: 'products', schemaUrl: `${baseUrl}/openapi.json`, baseUrl },
      token: env['STORE_KEY'],
      // A file is taken as it comes: what is wrong in it is told by the import, row by row.
      exclude: '^/imports$',
    },
    { name: 'graphql', schemaUrl: `${baseUrl}/graphql`, baseUrl },
  ];
};

/** Runs all of them, or the named ones; answers how many found something. */
export const audit = async (names: string[], print: Say, say: Say): Promise<number> => {
  const instance = testInstance();
  await bringUp(instance, say);
  const suites = suitesOf(await publicEnvironment(instance));
  const unknown = names.find((name) => !suites.some((suite) => suite.name === name));
  if (unknown) throw new Error(`audit takes: ${suites.map(({ name }) => name).join(', ')}`);
  let failed = 0;
  for (const suite of suites.filter(({ name }) => names.length === 0 || names.includes(name))) {
    const finding = await schemathesis(suite, say);
    if (finding.failed) {
      failed++;
      print(finding.report);
    }
    print(`schemathesis ${suite.name}: ${finding.figure}${finding.failed ? ', FAILED' : ', ok'}`);
  }
  return failed;
};
