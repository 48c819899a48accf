import fc from 'fast-check';

// The same cases in every run, so that a red run says something about the change it is red for.
// FAST_CHECK_SEED=random explores others; FAST_CHECK_SEED=<number> repeats a seed that was reported.
const wanted = process.env.FAST_CHECK_SEED ?? '20260401';
if (wanted !== 'random') fc.configureGlobal({ seed: Number(wanted) });
