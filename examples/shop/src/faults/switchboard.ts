import { FAULT_NAMES, type FaultName } from './table.ts';

/** Makes one fault real, or ends it. Called only when the state changes; never for two changes at once. */
export type FaultAction = (active: boolean) => void | Promise<void>;

/** Which faults are active, and what to do when that changes. Faults are independent: any number can be active. */
export class Switchboard {
  readonly #active = new Set<FaultName>();
  readonly #actions = new Map<FaultName, FaultAction>();
  #queue: Promise<void> = Promise.resolve();

  /** Says how a fault is made real. A fault without an action is only a state that others read. */
  on(name: FaultName, action: FaultAction): void {
    this.#actions.set(name, action);
  }

  isActive(name: FaultName): boolean {
    return this.#active.has(name);
  }

  /** Every fault with its state, in the order of the table. */
  states(): readonly { readonly name: FaultName; readonly active: boolean }[] {
    return FAULT_NAMES.map((name) => ({ name, active: this.#active.has(name) }));
  }

  /** Resolves when the fault is real (or over). Switching to the present state does nothing. */
  set(name: FaultName, active: boolean): Promise<void> {
    const change = this.#queue.then(() => this.#change(name, active));
    this.#queue = change.catch(() => undefined);
    return change;
  }

  async healAll(): Promise<void> {
    for (const name of FAULT_NAMES) await this.set(name, false);
  }

  async #change(name: FaultName, active: boolean): Promise<void> {
    if (this.#active.has(name) === active) return;
    if (active) this.#active.add(name);
    else this.#active.delete(name);
    await this.#actions.get(name)?.(active);
  }
}
