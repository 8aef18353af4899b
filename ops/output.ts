// Output of commands: results on stdout, progress and errors on stderr.

/** Prints progress for the waiting user. */
export type Report = (line: string) => void;

export const print = (line: string): void => void process.stdout.write(`${line}\n`);
export const report = (line: string): void => void process.stderr.write(`${line}\n`);

/** A reader that ends early, such as `head -1`, ends the command without an error. */
export const endWhenReaderEnds = (): void => {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
};
