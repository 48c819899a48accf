import { readFailureLine } from '@tillwatch/checkout';
import { Labels } from '@tillwatch/model';
import {
  cutMarkup,
  encodeUrl,
  escapeValue,
  link,
  neutralise,
  unescapeText,
} from '../../../packages/alerting/src/notify/slack/mrkdwn.ts';
import { InputError } from '../../../packages/tillwatch/src/backtest/input-error.ts';
import { csvRows } from '../../../packages/tillwatch/src/backtest/orders/csv-rows.ts';
import { jsonObjects } from '../../../packages/tillwatch/src/backtest/orders/json-objects.ts';
import { findColumns } from '../../../packages/tillwatch/src/backtest/orders/order-columns.ts';
import { stripeOrder } from '../../../packages/tillwatch/src/backtest/orders/stripe-order.ts';
import { SampleLines } from '../../../packages/tillwatch/src/import/sample-lines.ts';
import { type MrkdwnNode, parseMrkdwn } from '../../../packages/web/src/messages/mrkdwn.ts';
import { mustBePlain } from '../laws.ts';
import { must, mustEqual, type Subject } from '../subject.ts';

const failureLines: Subject = {
  name: 'failure lines',
  seeds: [
    '{"level":"error","time":1764273600000,"msg":"checkout failed","step":"payment","provider":"acme","reason":"timeout","class":"technical","amount":59.9,"currency":"EUR","attempt_id":"a-1","trace_id":"0af7651916cd43dd8448eb211c80319c"}',
    'time=2026-11-27T20:15:00Z level=error msg="checkout failed" step=payment reason=card_declined class=customer amount="12.5"',
  ],
  words: [
    'checkout failed',
    '"msg":',
    'msg=',
    'class=',
    '"class":"fraud"',
    '"__proto__":{"a":1}',
    '__proto__=x',
    'constructor=',
    '4111111111111111',
    '\\"',
    '\\u0000',
    ':{',
    '[]',
    'null',
  ],
  check(line) {
    const example = readFailureLine(line, 5);
    if (example === undefined) return false;
    mustBePlain(example);
    must(Number.isFinite(example.atMs), `a failure at ${example.atMs}`);
    for (const value of Object.values(example))
      must(
        typeof value !== 'string' || !/\d{12,}/.test(value) || value === example.traceId || value === example.attemptId,
        `a long number is kept: ${value}`,
      );
    return true;
  },
};

/** A file as it comes, in pieces that end anywhere. */
async function* pieces(text: string): AsyncGenerator<string> {
  const length = 1 + (text.length % 37);
  for (let at = 0; at < text.length; at += length) yield text.slice(at, at + length);
}

/** Reads to the end, or to where it is refused. */
async function all<T>(items: AsyncIterable<T>): Promise<{ readonly items: T[]; readonly error: string | undefined }> {
  const read: T[] = [];
  try {
    for await (const item of items) read.push(item);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    must(error.message.startsWith('x.'), `an error without its place: ${error.message}`);
    return { items: read, error: error.message };
  }
  return { items: read, error: undefined };
}

async function* whole(text: string): AsyncGenerator<string> {
  yield text;
}

const csv: Subject = {
  name: 'orders as csv',
  seeds: [
    'id,created,status,amount,currency\n1,2026-11-27 20:15:00,paid,"59,90",EUR\n2,2026-11-27 20:16:00,failed,"a ""b""\n c",EUR\n',
    '\ufeffName;Total;Created at\r\n#1;1.234,50 €;1764273600\r\n',
  ],
  words: ['"', '""', ',', ';', '\t', '|', '\r\n', '\n\n', 'created', 'time'],
  async check(text) {
    const once = await all(csvRows(whole(text), 'x.csv'));
    const inPieces = await all(csvRows(pieces(text), 'x.csv'));
    mustEqual(inPieces, once, 'rows that come in pieces');
    const lines = text.split('\n').length;
    for (const { line } of once.items) must(line >= 1 && line <= lines, `a row on line ${line} of ${lines}`);
    const header = once.items[0];
    if (header === undefined || once.error !== undefined) return false;
    try {
      findColumns(header.fields, new Map([['amount', 'total']]), { file: 'x.csv', line: header.line });
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
    }
    return true;
  },
};

const json: Subject = {
  name: 'orders as json',
  seeds: [
    '{"object":"list","data":[{"object":"charge","created":1764273600,"status":"failed","amount":5990,"currency":"eur","outcome":{"type":"blocked","reason":"rule"},"payment_method_details":{"type":"card"}}]}',
    '[{"object":"payment_intent","created":1,"status":"requires_action","amount":1,"currency":"jpy"},\n{"object":"x"}]',
    '{"object":"charge","created":1764273600,"status":"succeeded","amount":1,"currency":"kwd"}\n{"a":"\\"}{["}\n',
  ],
  words: [
    '{',
    '}',
    '[',
    ']',
    '"',
    '\\',
    ',',
    ':',
    '"data":[',
    '"object":"charge"',
    '"__proto__":{"object":"charge"}',
    'null',
    '1e999',
    '"status":"constructor"',
    '"status":"__proto__"',
  ],
  async check(text) {
    const once = await all(jsonObjects(whole(text), 'x.json'));
    const inPieces = await all(jsonObjects(pieces(text), 'x.json'));
    mustEqual(inPieces, once, 'objects that come in pieces');
    for (const object of once.items) {
      try {
        const order = stripeOrder(object, 'x.json');
        if (order !== undefined) must(typeof order.outcome === 'string', `an outcome of ${String(order.outcome)}`);
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
      }
    }
    return once.error === undefined;
  },
};

const samples: Subject = {
  name: 'import of openmetrics',
  seeds: [
    '# TYPE up gauge\nup{job="a"} 1 1764273600.5\nup{job="a"} 0 1764273601.5\nup{job="b c",d="\\"}"} naN 1764273600\n# EOF\n',
    'http_requests_total{code="200"} 1027 1395066363000\r\nhttp_requests_total{code="200"} 1028 1395066364000\r\n',
    'x 1.5e3 1\nx NaN 2\n{"utf8 name","b"="ü"} +Inf 3\nx -0 4',
  ],
  words: [
    '# EOF\n',
    '# TYPE x histogram\n',
    'le="1"',
    ' 1 1\n',
    '"',
    '\\"',
    '{',
    '}',
    ' ',
    '\r\n',
    '1e999',
    '-',
    'naN',
    '\x00',
    '\xff',
  ],
  check(text) {
    const whole = readSamples(text, Number.POSITIVE_INFINITY);
    const inPieces = readSamples(text, 1 + (text.length % 23) + (text.length >> 8));
    mustEqual(inPieces, whole, 'lines that come in pieces');
    return whole.error === undefined;
  },
};

function readSamples(text: string, pieceLength: number): { samples: unknown[]; error: string | undefined } {
  const found: unknown[] = [];
  const lines = new SampleLines<Labels>('x.om', {
    series: (labels) => {
      must(labels instanceof Labels, 'a series without labels');
      return labels;
    },
    append(labels, timestampMs, value) {
      must(Number.isFinite(timestampMs), `a sample at ${timestampMs}`);
      found.push([labels.flat, timestampMs, String(value)]);
      return found.length % 50 !== 49;
    },
  });
  const bytes = Buffer.from(text);
  try {
    for (let at = 0; at < bytes.length; at += pieceLength) lines.take(bytes.subarray(at, at + pieceLength));
    lines.end();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    must(/^x\.om:\d+: /.test(error.message), `an error without its place: ${error.message}`);
    return { samples: found, error: error.message };
  }
  return { samples: found, error: undefined };
}

const SHOWN = /^[^<>]*$/;

const markup: Subject = {
  name: 'slack markup',
  seeds: [
    'a *b c* _d_ ~e~ `f < g` <https://a.example/x?a=1&amp;b=2|here> <!channel> <@U1> @here',
    '```\nx &amp; y``` *a _b ~c~_* snake_case <mailto:a@b.c|me>',
    '🛒 &lt;b&gt; * _ ~ ` <',
  ],
  words: [
    '*',
    '_',
    '~',
    '`',
    '```',
    '<',
    '>',
    '|',
    '&amp;',
    '&lt;',
    '&',
    '<!',
    '<@',
    'https://',
    'javascript:',
    '\u200b',
  ],
  check(input) {
    // As much as Slack takes in one text.
    const text = input.slice(0, 3_000);
    const nodes = parseMrkdwn(text);
    for (const node of nodes) mustBeSafe(node);
    const plain = neutralise(text);
    must(SHOWN.test(plain), `neutral text with markup: ${plain}`);
    for (const node of parseMrkdwn(plain)) must(node.kind === 'text', `foreign text formats: ${JSON.stringify(node)}`);
    must(SHOWN.test(encodeUrl(text)), 'an address that ends its link');
    const linked = parseMrkdwn(link(`https://x.example/${text}`, text));
    must(linked.length === 1 && linked[0]?.kind === 'link', `not one link: ${JSON.stringify(linked).slice(0, 300)}`);
    unescapeText(escapeValue(text));
    for (const limit of [1, 7, 40])
      must(
        cutMarkup(text, limit).length <= Math.max(limit, 1),
        `cut to ${limit}, but ${cutMarkup(text, limit).length} long`,
      );
    return nodes.length > 0 || text === '';
  },
};

function mustBeSafe(node: MrkdwnNode): void {
  if (node.kind === 'link') must(/^(https?:\/\/|mailto:)/i.test(node.url), `a link to ${node.url}`);
  if ('children' in node) for (const child of node.children) mustBeSafe(child);
}

export const lineSubjects: readonly Subject[] = [failureLines, csv, json, samples, markup];
