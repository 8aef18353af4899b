// Tests the reading of the runner's reports.
import { describe, expect, test } from 'bun:test';
import { merged, reportOf, slowest } from './report.ts';

const XML = `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="bun test" tests="4" failures="2" skipped="1" time="0.3">
  <testsuite name="a.test.ts" file="a.test.ts" tests="3" time="0.2">
    <testcase name="passes" classname="" time="0.1" file="a.test.ts" line="2" />
    <testcase name="is &lt;skipped&gt;" classname="" time="0" file="a.test.ts"><skipped /></testcase>
    <testsuite name="of a group" file="a.test.ts" tests="1" time="0.1">
      <testcase name="fails" classname="of a group" file="a.test.ts">
        <failure type="AssertionError" message="x">Expected: 2&#10;Received: 1&#10;</failure>
      </testcase>
    </testsuite>
  </testsuite>
  <testsuite name="b.test.ts" file="b.test.ts" tests="1" time="1.5">
    <testcase name="(unnamed)" classname="" file="b.test.ts">
      <failure type="Error" message="hook">Error: hook</failure>
    </testcase>
  </testsuite>
</testsuites>`;

describe('a report', () => {
  test('tells what passed, was skipped, and failed with what', () => {
    const { passed, skipped, failures } = reportOf(XML);
    expect({ passed, skipped, failures }).toEqual({
      passed: 1,
      skipped: ['a.test.ts › is <skipped>'],
      failures: [
        { name: 'a.test.ts › of a group › fails', text: 'Expected: 2\nReceived: 1' },
        { name: 'b.test.ts › (unnamed)', text: 'Error: hook' },
      ],
    });
  });

  test('lists the files that took longest', () => {
    expect(slowest(reportOf(XML), 1)).toEqual([['b.test.ts', 1.5]]);
    expect(slowest(reportOf(XML), 9)).toEqual([
      ['b.test.ts', 1.5],
      ['a.test.ts', 0.2],
    ]);
  });

  test('of a runner that crashed is empty', () => {
    expect(reportOf('')).toEqual({ passed: 0, failures: [], skipped: [], seconds: new Map() });
  });

  test('is summed with others', () => {
    const sum = merged([reportOf(XML), reportOf(''), reportOf(XML)]);
    expect([sum.passed, sum.failures.length, sum.skipped.length, sum.seconds.size]).toEqual([
      2, 4, 2, 2,
    ]);
  });
});
