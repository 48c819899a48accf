import { runCli } from '../../src/cli/program.ts';

/** Runs a command line in this process, and gives back its exit code and what it printed. */
export async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  let out = '';
  let err = '';
  const code = await runCli(args, {
    out(text) {
      out += text;
    },
    err(text) {
      err += text;
    },
  });
  return { code, out, err };
}
