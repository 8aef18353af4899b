// Runs `./holdfast audit`: the known attacks, and external audits of the APIs, with their figures.
import { SHOP_OPENAPI_FILE } from '../../apis/gateway/description.ts';
import { OPENAPI_FILE } from '../../apis/products/routes.ts';
import { UsageError } from '../arguments.ts';
import { publicEnvironment } from '../environment.ts';
import { testInstance } from '../instance.ts';
import type { Report } from '../output.ts';
import { bringUp } from '../up.ts';
import { runAttacks } from './attacks.ts';
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
      // Excluded because any file is accepted: the import reports errors per row.
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

const auditedByOwasp = async (
  name: keyof typeof DESCRIPTIONS,
  report: Report,
): Promise<Verdict> => {
  const found = await owasp(name, DESCRIPTIONS[name], report);
  const figure = `${found.length} findings`;
  return { figure, failed: found.length > 0, report: found.join('\n') };
};

const attacked = async (): Promise<Verdict> => {
  const { passed, failures } = await runAttacks();
  const failed = failures.map(({ name, text }) => `${name}\n${text}`);
  const figure = `${passed} tests of attacks passed, ${failures.length} failed`;
  return { figure, failed: failures.length > 0 || passed === 0, report: failed.join('\n') };
};

type Audit = () => Promise<Verdict>;

/** Every audit by name; those that call the shop start it first. */
const auditsOf = (report: Report): Record<string, Audit> => {
  const instance = testInstance();
  const calling =
    (name: string): Audit =>
    async () => {
      await bringUp(instance, report);
      const suite = suitesOf(await publicEnvironment(instance)).find((one) => one.name === name);
      if (!suite) throw new Error(`unknown suite ${name}`);
      return schemathesis(suite, report);
    };
  const audits = Object.keys(DESCRIPTIONS) as (keyof typeof DESCRIPTIONS)[];
  return {
    attacks: attacked,
    ...Object.fromEntries(
      audits.map((name) => [`owasp-${name}`, () => auditedByOwasp(name, report)] as const),
    ),
    ...Object.fromEntries(SUITES.map((name) => [name, calling(name)] as const)),
  };
};

/** Runs all or the named audits; returns how many reported a finding. */
export const audit = async (names: string[], print: Report, report: Report): Promise<number> => {
  const audits = auditsOf(report);
  const unknown = names.find((name) => !Object.hasOwn(audits, name));
  if (unknown) {
    throw new UsageError(
      `unknown audit ${unknown}; known audits: ${Object.keys(audits).join(', ')}`,
    );
  }
  let failed = 0;
  for (const [name, runAudit] of Object.entries(audits)) {
    if (names.length > 0 && !names.includes(name)) continue;
    const verdict = await runAudit();
    if (verdict.failed) {
      failed++;
      print(verdict.report);
    }
    print(`${name}: ${verdict.figure}${verdict.failed ? ', FAILED' : ', ok'}`);
  }
  return failed;
};
