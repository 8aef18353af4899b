// Makes what is generated and checked in: protobuf code from proto/.
import { resolve } from 'node:path';
import { ROOT } from './instance.ts';
import { runCommand } from './servers/install.ts';

const bin = (name: string): string => resolve(ROOT, 'node_modules', '.bin', name);

/** Idempotent: running it on a clean tree changes nothing. */
export const generate = async (): Promise<void> => {
  const cwd = resolve(ROOT, 'proto');
  const PATH = `${resolve(ROOT, 'node_modules', '.bin')}:${process.env['PATH'] ?? ''}`;
  await runCommand([bin('buf'), 'generate'], { cwd, env: { PATH } });
};

if (import.meta.main) await generate();
