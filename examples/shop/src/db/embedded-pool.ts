import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Lock } from './lock.ts';
import type { Client, Pool } from './pooled-database.ts';
import { DatabaseError } from './port.ts';
import { Slots } from './slots.ts';

/** The part of the embedded database that is used. */
interface Engine {
  query(text: string, params?: unknown[]): Promise<{ rows: unknown[] }>;
  close(): Promise<void>;
}

/**
 * The pool of `pg` in front of the embedded database. That has one connection, which the pool's clients share: statements
 * take turns, and a client that has begun a transaction keeps the turn until its end. What an application can see is as
 * with a server: so many clients and no more, waiting, and giving up.
 */
export class EmbeddedPool implements Pool {
  readonly #events = new EventEmitter();
  readonly options: { readonly max: number };
  readonly #engine: Engine;
  readonly #slots: Slots;
  readonly #idle: EmbeddedClient[] = [];
  readonly #turn = new Lock();
  readonly #statementTimeoutMs: number;

  constructor(
    engine: Engine,
    options: { readonly poolSize: number; readonly acquireTimeoutMs: number; readonly statementTimeoutMs: number },
  ) {
    this.#engine = engine;
    this.options = { max: options.poolSize };
    this.#slots = new Slots(options.poolSize, options.acquireTimeoutMs);
    this.#statementTimeoutMs = options.statementTimeoutMs;
  }

  get totalCount(): number {
    return this.options.max;
  }

  get idleCount(): number {
    return this.#slots.idle;
  }

  get waitingCount(): number {
    return this.#slots.waiting;
  }

  async connect(): Promise<Client> {
    await this.#slots.take();
    const client = this.#idle.pop() ?? this.#create();
    this.#events.emit('acquire', client);
    return client;
  }

  on(event: 'connect' | 'acquire', listener: (client: never) => void): void {
    this.#events.on(event, (client) => listener(client as never));
  }

  async end(): Promise<void> {
    const giveBack = await this.#turn.take();
    await this.#engine.close();
    giveBack();
  }

  #create(): EmbeddedClient {
    const client = new EmbeddedClient(this.#engine, this.#turn, this.#statementTimeoutMs, () => {
      this.#idle.push(client);
      this.#slots.release();
    });
    this.#events.emit('connect', client);
    return client;
  }
}

const SLEEP = /\bpg_sleep\(\$1\)/;

class EmbeddedClient implements Client {
  readonly #engine: Engine;
  readonly #turn: Lock;
  readonly #statementTimeoutMs: number;
  readonly #onRelease: () => void;
  /** Ends this client's turn; set while it is in a transaction. */
  #endTurn: (() => void) | undefined;

  constructor(engine: Engine, turn: Lock, statementTimeoutMs: number, onRelease: () => void) {
    this.#engine = engine;
    this.#turn = turn;
    this.#statementTimeoutMs = statementTimeoutMs;
    this.#onRelease = onRelease;
  }

  async query(text: string, params: unknown[] = []): Promise<{ rows: unknown[] }> {
    if (SLEEP.test(text)) return await this.#sleep(Number(params[0]) * 1000);
    if (text === 'BEGIN') this.#endTurn = await this.#turn.take();
    if (this.#endTurn === undefined) return await this.#alone(() => this.#engine.query(text, params));
    const isLast = text === 'COMMIT' || text === 'ROLLBACK';
    try {
      return await this.#engine.query(text, params);
    } finally {
      if (isLast) this.#finish();
    }
  }

  release(): void {
    this.#finish();
    this.#onRelease();
  }

  #finish(): void {
    this.#endTurn?.();
    this.#endTurn = undefined;
  }

  async #alone<T>(run: () => Promise<T>): Promise<T> {
    const giveBack = await this.#turn.take();
    try {
      return await run();
    } finally {
      giveBack();
    }
  }

  /** Inside this process the real function would stop everything, not only its own statement. */
  async #sleep(ms: number): Promise<{ rows: unknown[] }> {
    await sleep(Math.min(ms, this.#statementTimeoutMs));
    if (ms <= this.#statementTimeoutMs) return { rows: [] };
    throw new DatabaseError('db_timeout', 'canceling statement due to statement timeout', { sqlState: '57014' });
  }
}
