// Which alerts the shipped configuration gives for recorded shops: `npm run bench:detection -- --data DIR --out alerts.json`.
import { fork } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { measureCost } from './detection-cost.ts';
import { detect, type Layer, type ScoredAlert } from './detection-scenario.ts';
import { scenarioFiles } from './scenario.ts';

const USAGE = `usage: npm run bench:detection -- --data DIR --out alerts.json [--layer rules|sentinel|both] [--jobs N] [--only REGEX] [--cache DIR]
       npm run bench:detection -- --cost
  --data DIR    a folder with OpenMetrics files, one for each shop (*.om)
  --out FILE    where the alerts go, as { "<file name>": [{ alertname, labels, severity, startsAt, endsAt }] }
  --layer       rules: those that need no sentinel; sentinel: those on its evidence; both (default)
  --jobs N      processes at once (default 1)
  --only REGEX  only files whose name matches
  --cache DIR   keeps what was read there, for the next time
  --cost        measures the sentinel's processor time with 5,000 series instead`;

interface Task {
  readonly file: string;
  readonly layer: Layer;
  readonly cacheDir: string | undefined;
}

if (process.send === undefined) await main();
else
  process.on('message', ({ file, layer, cacheDir }: Task) => {
    detect(file, layer, cacheDir).then(
      (alerts) => process.send!({ alerts }),
      (error: Error) => process.send!({ error: error.message }),
    );
  });

async function main(): Promise<void> {
  const { data, out, layer, jobs, only, cache, cost } = flags();
  if (cost) return measureCost();
  if (data === undefined || out === undefined) fail('--data and --out are needed');
  if (layer !== 'rules' && layer !== 'sentinel' && layer !== 'both')
    fail(`--layer ${layer}: there is rules, sentinel and both`);
  const count = Number(jobs);
  if (!Number.isInteger(count) || count < 1 || count > 64)
    fail(`--jobs ${jobs}: a whole number from 1 to 64 is needed`);
  const pattern = regexOf(only);
  const found = await scenarioFiles(data).catch((error: Error) => fail(`--data ${data}: ${error.message}`));
  const files = found.filter((file) => pattern.test(idOf(file)));
  if (files.length === 0) fail(`--data ${data}: no *.om file${found.length > 0 ? ` whose name matches ${only}` : ''}`);

  const startMs = performance.now();
  const alerts: Record<string, ScoredAlert[]> = {};
  const tasks = files.map((file): Task => ({ file, layer, cacheDir: cache }));
  await Promise.all(Array.from({ length: Math.min(count, tasks.length) }, () => work(tasks, alerts, files.length)));
  const sorted = Object.fromEntries(Object.entries(alerts).sort(([a], [b]) => (a < b ? -1 : 1)));
  writeFileSync(out, `${JSON.stringify(sorted, undefined, 1)}\n`);
  const total = Object.values(alerts).reduce((sum, list) => sum + list.length, 0);
  console.log(`${files.length} scenarios, ${total} alerts, ${((performance.now() - startMs) / 1_000).toFixed(0)} s`);
}

/** One process that takes tasks as long as there are any: the memory of a large scenario goes back with its process. */
function work(tasks: Task[], alerts: Record<string, ScoredAlert[]>, total: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(import.meta.url), { execArgv: process.execArgv });
    let task: Task | undefined;
    const next = () => {
      task = tasks.shift();
      if (task === undefined) child.disconnect();
      else child.send(task);
    };
    child.on('message', (answer: { alerts: ScoredAlert[] } | { error: string }) => {
      if ('error' in answer) {
        child.disconnect();
        reject(new Error(answer.error));
        return;
      }
      const id = idOf(task!.file);
      alerts[id] = answer.alerts;
      console.error(`${String(Object.keys(alerts).length).padStart(3)}/${total} ${id}: ${answer.alerts.length} alerts`);
      next();
    });
    child.on('error', reject);
    child.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`a process ended with code ${code}`))));
    next();
  });
}

function flags() {
  try {
    const { values } = parseArgs({
      options: {
        data: { type: 'string' },
        out: { type: 'string' },
        layer: { type: 'string', default: 'both' },
        jobs: { type: 'string', default: '1' },
        only: { type: 'string', default: '' },
        cache: { type: 'string' },
        cost: { type: 'boolean', default: false },
      },
    });
    return values;
  } catch (error) {
    return fail((error as Error).message);
  }
}

function regexOf(text: string): RegExp {
  try {
    return new RegExp(text);
  } catch (error) {
    return fail(`--only: ${(error as Error).message}`);
  }
}

function idOf(file: string): string {
  return basename(file).replace(/\.om$/, '');
}

function fail(message: string): never {
  console.error(`${message}\n${USAGE}`);
  process.exit(2);
}
