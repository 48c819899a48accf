import { runCli } from './cli/run.ts';

await runCli(process.argv);
