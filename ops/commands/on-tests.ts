// The option `--test`, which runs a command on the tests' instance instead of the shop's.
import { flag } from '../arguments.ts';
import { shopInstance, testInstance, type Instance } from '../instance.ts';

export const onTests = { test: flag("the tests' instance instead of the shop's") };

export const instanceOf = ({ test }: { test: boolean }): Instance =>
  test ? testInstance() : shopInstance();
