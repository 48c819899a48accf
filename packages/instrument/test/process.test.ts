import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { instrumentProcess } from '../src/index.ts';
import { parse } from './support.ts';

test('tells the release and the state of the process, once', async () => {
  const register = new Registry();
  instrumentProcess({ register, version: 'v7' });
  instrumentProcess({ register, version: 'v7' });
  const found = parse(await register.metrics());
  expect(found.get('app_info{version="v7"}')).toBe(1);
  expect(found.get('process_start_time_seconds')).toBeGreaterThan(1e9);
  expect(found.get('process_resident_memory_bytes')).toBeGreaterThan(1e6);
});

test('leaves process metrics out when told so', async () => {
  const register = new Registry();
  instrumentProcess({ register, version: 'v7', processMetrics: false });
  expect([...parse(await register.metrics()).keys()]).toEqual(['app_info{version="v7"}']);
});
