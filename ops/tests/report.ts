// Reads the JUnit reports of Bun's test runner: what passed, failed, was skipped, and took long.

export interface Failure {
  name: string;
  /** The message and the stack, as the runner printed them. */
  text: string;
}

export interface Report {
  passed: number;
  failures: Failure[];
  /** Names of tests, which say why they are skipped. */
  skipped: string[];
  /** Seconds of each file. */
  seconds: Map<string, number>;
}

const ENTITIES: Record<string, string> = { gt: '>', lt: '<', amp: '&', quot: '"', apos: "'" };
const unescaped = (text: string): string =>
  text.replaceAll(/&(#?\w+);/g, (all, name: string) =>
    name.startsWith('#') ? String.fromCodePoint(Number(name.slice(1))) : (ENTITIES[name] ?? all),
  );

const attribute = (tag: string, name: string): string =>
  unescaped(new RegExp(`\\b${name}="([^"]*)"`).exec(tag)?.[1] ?? '');

/** A test's name for a reader: file, suite and test. */
const nameOf = (tag: string): string =>
  ['file', 'classname', 'name']
    .map((name) => attribute(tag, name))
    .filter((name) => name !== '')
    .join(' › ');

const FAILURE = /<(?:failure|error)\b[^>]*>(.*?)<\/(?:failure|error)>/s;

/** Reads one report. A suite with a file's name is that file's, with its time in seconds. */
export const reportOf = (xml: string): Report => {
  const report: Report = { passed: 0, failures: [], skipped: [], seconds: new Map() };
  for (const [, tag = ''] of xml.matchAll(/<testsuite\b([^>]*)>/g)) {
    const file = attribute(tag, 'file');
    if (attribute(tag, 'name') === file) report.seconds.set(file, Number(attribute(tag, 'time')));
  }
  for (const [, tag = '', body = ''] of xml.matchAll(
    /<testcase\b([^>]*?)(?:\/>|>(.*?)<\/testcase>)/gs,
  )) {
    const failure = /<(?:failure|error)\b/.test(body);
    const text = unescaped(FAILURE.exec(body)?.[1] ?? '').trim();
    if (body.includes('<skipped')) report.skipped.push(nameOf(tag));
    else if (failure) report.failures.push({ name: nameOf(tag), text });
    else report.passed++;
  }
  return report;
};

/** The sum of several reports. */
export const merged = (reports: Report[]): Report => ({
  passed: reports.reduce((sum, { passed }) => sum + passed, 0),
  failures: reports.flatMap(({ failures }) => failures),
  skipped: reports.flatMap(({ skipped }) => skipped),
  seconds: new Map(reports.flatMap(({ seconds }) => [...seconds])),
});

/** The files that took longest, longest first. */
export const slowest = ({ seconds }: Report, count: number): [file: string, seconds: number][] =>
  [...seconds].toSorted(([, a], [, b]) => b - a).slice(0, count);
