import { request } from 'undici';
import { FAULTS, type Fault, type FaultName } from '../faults/table.ts';

type FaultState = Fault & { readonly active: boolean };

/** Switches a fault on in a running shop. */
export async function breakShop(url: string, name: FaultName): Promise<void> {
  await call(url, 'POST', `/admin/faults/${name}`, { active: true });
  const fault = FAULTS.find((candidate) => candidate.name === name)!;
  print(`broken: ${name}`, fault.what);
}

/** Switches one fault off in a running shop, or all. */
export async function healShop(url: string, name: FaultName | undefined): Promise<void> {
  if (name === undefined) await call(url, 'POST', '/admin/heal', {});
  else await call(url, 'POST', `/admin/faults/${name}`, { active: false });
  print(`healed: ${name ?? 'everything'}`);
}

/** Lists the faults; without a running shop it cannot say which are active, and says so. */
export async function listFaults(url: string, json: boolean): Promise<void> {
  const { faults } = await call<{ faults: readonly FaultState[] }>(url, 'GET', '/admin/faults');
  if (json) {
    print(JSON.stringify(faults));
    return;
  }
  for (const { name, active, title, expect } of faults) {
    print(`${active ? '●' : '○'} ${name.padEnd(17)} ${title} (${expect})`);
  }
}

async function call<T>(url: string, method: 'GET' | 'POST', path: string, body?: object): Promise<T> {
  const response = await request(new URL(path, url), {
    method,
    headers: body === undefined ? {} : { 'content-type': 'application/json' },
    body: body === undefined ? null : JSON.stringify(body),
    signal: AbortSignal.timeout(15_000),
  }).catch((cause: unknown) => {
    throw new Error(`no shop answers at ${url}; is it running? Give its admin address with --url`, { cause });
  });
  const text = await response.body.text();
  if (response.statusCode >= 400) throw new Error(`${url} answered ${response.statusCode}: ${text.slice(0, 300)}`);
  return JSON.parse(text) as T;
}

function print(...lines: readonly string[]): void {
  for (const line of lines) process.stdout.write(`${line}\n`);
}
