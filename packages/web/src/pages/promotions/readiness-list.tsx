import type { Readiness, ReadinessCheck } from '../../api/index.ts';
import type { PromotionPartProps } from './promotions-page.tsx';

const TONES = { ready: 'good', 'not-ready': 'bad', 'not-known': 'unknown' } as const;
const ORDER = { 'not-ready': 0, 'not-known': 1, ready: 2 } as const;

/** The check before a promotion: what is to be done first, what is ready last. */
export function ReadinessList({
  readiness,
  isOpen,
  words,
}: PromotionPartProps & { readiness: Readiness; isOpen: boolean }) {
  const checks = readiness.checks.toSorted((a, b) => ORDER[a.state] - ORDER[b.state]);
  const isKnown = checks.every(({ state }) => state !== 'not-known');
  const verdict = readiness.isReady ? (isKnown ? words.isReady : words.isReadyAsKnown) : words.isNotReady;
  return (
    <details class="checks" open={isOpen}>
      <summary>
        <span>{words.readiness}</span>
        <span class={`badge ${readiness.isReady ? 'good' : 'bad'}`}>{verdict}</span>
      </summary>
      <ul class="list">
        {checks.map((check) => (
          <Check key={`${check.topic} ${check.finding}`} check={check} state={words.states[check.state]} />
        ))}
      </ul>
    </details>
  );
}

function Check({ check, state }: { check: ReadinessCheck; state: string }) {
  return (
    <li class="check">
      <span class={`badge ${TONES[check.state]}`}>{state}</span>
      <strong>{check.topic}</strong>
      <span class="finding">
        {check.finding}
        {check.toDo !== '' && <span class="todo">{check.toDo}</span>}
      </span>
    </li>
  );
}
