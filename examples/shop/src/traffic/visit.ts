import type { Step } from '../domain/journey.ts';
import { CHECKOUT_SCRIPT } from '../shop/pages/checkout.ts';
import type { Answer, Browser } from './browser.ts';
import { NoAnswerError } from './browser.ts';
import type { Customer } from './customer.ts';

/**
 * How a visit ended, seen by the customer: `ordered`; `left` without being asked; `declined` by the bank; `failed` by the
 * shop; `stuck` on a page whose button does nothing; `unreachable`: the shop does not answer.
 */
export type VisitEnd = 'ordered' | 'left' | 'declined' | 'failed' | 'stuck' | 'unreachable';

/** Waits as long as a customer thinks. */
export type Think = (ms: number) => Promise<void>;

/** Lets a customer go through the shop over HTTP, from the first page to the order or to where they give up. */
export async function visit(customer: Customer, browser: Browser, think: Think): Promise<VisitEnd> {
  try {
    await fillCart(customer, browser);
    for (let attempt = 0; ; attempt++) {
      const end = await checkOut(customer, browser, think, attempt);
      const isOver = end === 'ordered' || end === 'left' || end === 'stuck' || attempt >= customer.retries;
      if (isOver) return end;
      await think(customer.thinkMs[0]!);
    }
  } catch (error) {
    if (error instanceof NoAnswerError) return 'unreachable';
    throw error;
  }
}

async function fillCart(customer: Customer, browser: Browser): Promise<void> {
  await browser.postForm('/region', { region: customer.region });
  if (customer.browses) {
    await browser.get('/');
    await browser.get(`/products/${customer.items[0]![0]}`);
  }
  for (const [slug, quantity] of customer.items) {
    await browser.postForm('/cart', { slug, quantity: String(quantity) });
  }
}

async function checkOut(customer: Customer, browser: Browser, think: Think, attempt: number): Promise<VisitEnd> {
  const page = await browser.get(`/checkout?channel=${customer.channel}`);
  if (page.status !== 200) return 'failed';
  // The page's script is what begins a checkout. Without it there is only a page.
  if (!(await browser.canRun(CHECKOUT_SCRIPT))) return 'stuck';

  const started = await browser.postJson('/api/checkout', { channel: customer.channel });
  if (started.status !== 201) return endOf(started);
  const { id } = JSON.parse(started.text) as { id: string };

  const card = customer.bank[Math.min(attempt, customer.bank.length - 1)]!;
  const bodies: readonly (readonly [step: Step, body: object])[] = [
    ['address', customer.address],
    ['shipping', {}],
    ['payment', { method: customer.method, card }],
    ['confirm', {}],
  ];
  for (const [i, [step, body]] of bodies.entries()) {
    await think(customer.thinkMs[i]!);
    if (attempt === 0 && customer.leavesBefore === step) {
      if (customer.saysGoodbye) await browser.postJson(`/api/checkout/${id}/leave`, {});
      return 'left';
    }
    const answer = await browser.postJson(`/api/checkout/${id}/${step}`, body);
    if (answer.status !== 200) return endOf(answer);
  }
  return 'ordered';
}

function endOf(answer: Answer): VisitEnd {
  return answer.status === 402 || answer.status === 409 ? 'declined' : 'failed';
}
