import { openTsdb } from '@tillwatch/tsdb';
import { ManualClock } from '@tillwatch/model/testing';
const clock = new ManualClock(1_790_000_100_000);
const s0 = performance.now(); const c = process.cpuUsage();
const store = await openTsdb('/tmp/g/bench/data-30', { retentionMs: 1e14, clock });
console.log(store.stats());
for (let i = 0; i < 3; i++) { await clock.advance(3_600_000); const { headSamples, headTimelines, packedTimelines } = store.stats(); console.log(i, headSamples, headTimelines, packedTimelines, (performance.now() - s0) / 1e3, process.cpuUsage(c).user / 1e6); }
await store.close();
