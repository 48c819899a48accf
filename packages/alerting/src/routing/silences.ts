import { randomUUID } from 'node:crypto';
import { type Clock, type Labels, Matcher, type MatchOp } from '@tillwatch/model';
import type { LedgerWriter } from './ledger-writer.ts';

/** Where silences lie in the ledger. */
export const SILENCE_SHELF = 'alerting/silences';

/** A silence is pending before its time, active during it, expired after it. */
export type SilenceState = 'pending' | 'active' | 'expired';

/** While a silence is active, alerts that match all matchers of one of its sets are not told. */
export interface Silence {
  readonly id: string;
  readonly matcherSets: readonly (readonly Matcher[])[];
  readonly startsAtMs: number;
  readonly endsAtMs: number;
  readonly createdBy: string;
  readonly comment: string;
  readonly updatedAtMs: number;
}

/** What a new silence is made of. With the `id` of one that has not expired, that one is changed. */
export interface NewSilence {
  readonly id?: string | undefined;
  /** One set of matchers, or several of which one must match. */
  readonly matchers?: readonly Matcher[] | undefined;
  readonly matcherSets?: readonly (readonly Matcher[])[] | undefined;
  /** Default and earliest: now. */
  readonly startsAtMs?: number | undefined;
  readonly endsAtMs: number;
  readonly createdBy: string;
  readonly comment: string;
}

/** A silence cannot be made or found; the message says why. */
export class SilenceError extends Error {
  override readonly name = 'SilenceError';
  readonly kind: 'invalid' | 'not-found';

  constructor(kind: SilenceError['kind'], message: string) {
    super(message);
    this.kind = kind;
  }
}

/** Makes, shows and ends silences. */
export interface Silences {
  /** All that are kept, active ones first and then the latest end first; only those in one of `states` when it is given. */
  list(states?: readonly SilenceState[]): (Silence & { readonly state: SilenceState })[];
  get(id: string): Silence | undefined;
  /** Resolves to the id when the silence is durable. @throws {SilenceError} kind `invalid` or, with an `id`, `not-found` */
  create(silence: NewSilence): Promise<string>;
  /** Ends a silence now; one that has ended stays as it is. @throws {SilenceError} kind `not-found` */
  expire(id: string): Promise<void>;
}

/** Expired silences can still be looked at for five days, as in Alertmanager. */
const KEEP_EXPIRED_MS = 5 * 86_400_000;

const MAX_SILENCES = 5_000;

export function silenceState(silence: Pick<Silence, 'startsAtMs' | 'endsAtMs'>, nowMs: number): SilenceState {
  if (nowMs < silence.startsAtMs) return 'pending';
  return nowMs < silence.endsAtMs ? 'active' : 'expired';
}

/** Do all matchers of at least one set match? */
export function silences(silence: Pick<Silence, 'matcherSets'>, labels: Labels): boolean {
  return silence.matcherSets.some((matchers) => matchers.every((matcher) => matcher.matchesLabels(labels)));
}

/** What is wrong with the name or value of a matcher, in Alertmanager's words. `classic`: names as before UTF-8. */
export function matcherFault(
  matcher: Pick<Matcher, 'name' | 'op' | 'value'>,
  scheme: 'utf8' | 'classic' = 'utf8',
): string | undefined {
  const nameOk =
    scheme === 'classic' ? /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(matcher.name) : matcher.name !== '' && isText(matcher.name);
  if (!nameOk) return `invalid label name ${JSON.stringify(matcher.name)}`;
  if (!isText(matcher.value)) return `invalid label value ${JSON.stringify(matcher.value)}`;
  if (matcher.op === '=~' || matcher.op === '!~') {
    try {
      new Matcher(matcher.name, matcher.op, matcher.value);
    } catch {
      return `invalid regular expression ${JSON.stringify(matcher.value)}`;
    }
  }
  return undefined;
}

/** Text that was not valid UTF-8 arrives with replacement characters, or with surrogates that stand alone. */
function isText(text: string): boolean {
  return !/[\p{Surrogate}\ufffd]/u.test(text);
}

interface SilenceDocument extends Omit<Silence, 'matcherSets'> {
  readonly matcherSets: readonly (readonly { name: string; op: MatchOp; value: string }[])[];
}

/** The silences of a router, kept in its ledger. */
export class SilenceStore implements Silences {
  readonly #writer: LedgerWriter;
  readonly #clock: Clock;
  readonly #byId = new Map<string, Silence>();

  constructor(writer: LedgerWriter, clock: Clock, entries: Iterable<[key: string, document: unknown]>) {
    this.#writer = writer;
    this.#clock = clock;
    for (const [id, document] of entries) {
      const stored = document as SilenceDocument;
      const matcherSets = stored.matcherSets.map((set) => set.map((m) => new Matcher(m.name, m.op, m.value)));
      this.#byId.set(id, { ...stored, matcherSets });
    }
  }

  list(states?: readonly SilenceState[]): (Silence & { readonly state: SilenceState })[] {
    const nowMs = this.#clock.nowMs();
    return [...this.#byId.values()]
      .map((silence) => ({ ...silence, state: silenceState(silence, nowMs) }))
      .filter((silence) => states === undefined || states.length === 0 || states.includes(silence.state))
      .sort((a, b) => RANK[a.state] - RANK[b.state] || b.endsAtMs - a.endsAtMs);
  }

  get(id: string): Silence | undefined {
    return this.#byId.get(id);
  }

  async create(wanted: NewSilence): Promise<string> {
    const nowMs = this.#clock.nowMs();
    const matcherSets = wanted.matcherSets ?? [wanted.matchers ?? []];
    const startsAtMs = Math.max(nowMs, wanted.startsAtMs ?? nowMs);
    check(wanted, matcherSets, startsAtMs, nowMs);
    const previous = wanted.id === undefined ? undefined : this.#find(wanted.id);

    let id = randomUUID() as string;
    let began = startsAtMs;
    if (previous !== undefined && silenceState(previous, nowMs) !== 'expired') {
      // Only its end, author and comment may change in place; a silence of other alerts is another silence.
      const sameAlerts = matchersText(previous.matcherSets) === matchersText(matcherSets);
      if (sameAlerts && (previous.startsAtMs <= nowMs || previous.startsAtMs === startsAtMs)) {
        id = previous.id;
        began = previous.startsAtMs;
      } else {
        this.#end(previous, nowMs);
      }
    }
    this.#forgetExpired(nowMs);
    if (this.#byId.size >= MAX_SILENCES)
      throw new SilenceError('invalid', `there are ${MAX_SILENCES} silences already`);
    const { endsAtMs, createdBy, comment } = wanted;
    this.#put({ id, matcherSets, startsAtMs: began, endsAtMs, createdBy, comment, updatedAtMs: nowMs });
    await this.#writer.flush();
    return id;
  }

  async expire(id: string): Promise<void> {
    const silence = this.#find(id);
    const nowMs = this.#clock.nowMs();
    if (silenceState(silence, nowMs) !== 'expired') this.#end(silence, nowMs);
    await this.#writer.flush();
  }

  /** The ids of the silences that keep an alert with these labels quiet now. */
  silencedBy(labels: Labels, nowMs: number): string[] {
    const ids: string[] = [];
    for (const silence of this.#byId.values()) {
      if (silenceState(silence, nowMs) === 'active' && silences(silence, labels)) ids.push(silence.id);
    }
    return ids;
  }

  #find(id: string): Silence {
    const silence = this.#byId.get(id);
    if (silence === undefined) throw new SilenceError('not-found', `there is no silence ${JSON.stringify(id)}`);
    return silence;
  }

  #end(silence: Silence, nowMs: number): void {
    const startsAtMs = Math.min(silence.startsAtMs, nowMs);
    this.#put({ ...silence, startsAtMs, endsAtMs: nowMs, updatedAtMs: nowMs });
  }

  #put(silence: Silence): void {
    this.#byId.set(silence.id, silence);
    const matcherSets = silence.matcherSets.map((set) => set.map(({ name, op, value }) => ({ name, op, value })));
    this.#writer.put(SILENCE_SHELF, silence.id, { ...silence, matcherSets } satisfies SilenceDocument);
  }

  #forgetExpired(nowMs: number): void {
    for (const silence of this.#byId.values()) {
      if (silence.endsAtMs + KEEP_EXPIRED_MS > nowMs) continue;
      this.#byId.delete(silence.id);
      this.#writer.remove(SILENCE_SHELF, silence.id);
    }
  }
}

const RANK: Readonly<Record<SilenceState, number>> = { active: 0, pending: 1, expired: 2 };

function check(
  wanted: NewSilence,
  matcherSets: readonly (readonly Matcher[])[],
  startsAtMs: number,
  nowMs: number,
): void {
  const fail = (message: string): never => {
    throw new SilenceError('invalid', `silence invalid: ${message}`);
  };
  if (matcherSets.length === 0) fail('at least one matcher required');
  for (const set of matcherSets) {
    if (set.length === 0) fail('at least one matcher required');
    for (const matcher of set) {
      const fault = matcherFault(matcher);
      if (fault !== undefined) fail(`invalid label matcher: ${fault}`);
    }
    if (set.every((matcher) => matcher.matches(''))) fail('at least one matcher must not match the empty string');
  }
  if (!(wanted.endsAtMs > startsAtMs)) fail('end time must be after start time');
  if (wanted.endsAtMs <= nowMs) fail('end time must not be in the past');
  if (wanted.comment.length > 4_096 || wanted.createdBy.length > 256) fail('comment or author is too long');
}

function matchersText(sets: readonly (readonly Matcher[])[]): string {
  return sets.map((set) => set.map(String).sort().join(',')).join('|');
}
