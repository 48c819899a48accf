import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTillwatch } from '../../support/tillwatch-process.ts';
import { must, type Subject } from '../subject.ts';

// A request as text: method and path, the type of the body behind a newline, and the body behind another one.

const FORM = 'application/x-www-form-urlencoded';
const JSON_TYPE = 'application/json';

const SEEDS = [
  'GET /api/v1/query?query=up&time=1764273600',
  'GET /api/v1/query_range?query=sum(rate(tillwatch_scrapes_total[5m]))&start=1764273600&end=1764277200&step=15s&timeout=1s',
  `POST /api/v1/query_range\n${FORM}\nquery=vector(1)&start=0&end=60&step=15`,
  `POST /api/v1/series\n${FORM}\nmatch[]=up&match[]=%7Bjob%3D%22a%22%7D&start=0&limit=5`,
  'GET /api/v1/labels?match[]=up',
  'GET /api/v1/label/U__job_2e_x/values?limit=2',
  'GET /api/v1/format_query?query=sum+by(a)(up)',
  'GET /api/v1/metadata?metric=up&limit=1',
  'GET /api/v1/rules?type=alert&rule_name[]=x&file[]=y',
  'GET /api/v1/targets?state=active',
  'GET /api/v1/alerts',
  'GET /api/v1/status/buildinfo',
  `POST /api/v2/alerts\n${JSON_TYPE}\n[{"labels":{"alertname":"A","x":"ü"},"annotations":{},"startsAt":"2026-11-27T20:15:00Z","generatorURL":"http://x"}]`,
  'GET /api/v2/alerts',
  'GET /docs/runbooks/CheckoutAttemptsStopped',
  'GET /graph?g0.expr=up',
  'GET /metrics',
];

const PATHS = [
  '/api/v1/query',
  '/api/v1/query_range',
  '/api/v1/series',
  '/api/v1/query_exemplars',
  '/api/v1/parse_query',
  '/api/v1/read',
  '/api/v1/silences',
  '/../../etc/passwd',
  '/%2e%2e/',
  '/%00',
];
const WORDS = [
  ...PATHS,
  '?',
  '&',
  '=',
  '%',
  '%ff',
  '%C3%28',
  '+',
  'match[]=',
  'query=',
  'start=',
  'step=0',
  'step=1e-9',
  'limit=-1',
  'time=NaN',
  '{"',
  '[[',
  `\n${FORM}\n`,
  `\n${JSON_TYPE}\n`,
  'POST ',
  'DELETE ',
  // A question of remote read, as snappy writes it.
  'POST /api/v1/read\napplication/x-protobuf\n\x06\x14\x0a\x04\x08\x00\x10\x01',
  '"__proto__":',
];

let url = '';
let agent = new Agent();

/**
 * What a server answers. That it is gone, or says that it is its own fault, is a mistake. It is the command as it was built, in a
 * process of its own.
 */
export const httpSubject: Subject = {
  name: 'http requests',
  seeds: SEEDS,
  words: WORDS,
  share: 0.2,
  async open() {
    const dir = await mkdtemp(join(tmpdir(), 'tillwatch-fuzz-'));
    const file = join(dir, 'prometheus.yml');
    await writeFile(file, 'scrape_configs: []\n');
    const { ready, stop } = await startTillwatch([
      'up',
      '--json',
      '--listen',
      '0',
      '--data',
      join(dir, 'data'),
      '--prometheus',
      file,
    ]);
    url = ready.url as string;
    agent = new Agent({ keepAlive: true, maxSockets: 1 });
    return async () => {
      agent.destroy();
      await stop();
      await rm(dir, { recursive: true, force: true });
    };
  },
  async check(text) {
    const [head = '', contentType = '', ...body] = text.split('\n');
    const [method = '', ...path] = head.split(' ');
    const { status, type, answer } = await send(
      METHODS.includes(method) ? method : 'GET',
      path.join(' '),
      contentType,
      body.join('\n'),
    );
    must(status < 500 || status === 503, () => `${status}: ${answer.slice(0, 300)}`);
    if (type.startsWith(JSON_TYPE) && answer !== '') {
      const parsed = JSON.parse(answer) as { readonly status?: unknown; readonly error?: unknown };
      if (parsed.status === 'error')
        must(typeof parsed.error === 'string' && parsed.error !== '', 'an error that says nothing');
    }
    return status < 400;
  },
};

const METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'HEAD', 'PATCH'];

/** Ends of the process are not to be asked for, and a page that follows what happens never ends. */
const NOT_ASKED = /^\/(?:-\/|api\/tillwatch\/live)/;

function send(
  method: string,
  path: string,
  contentType: string,
  body: string,
): Promise<{ readonly status: number; readonly type: string; readonly answer: string }> {
  const escaped = [...Buffer.from(path)]
    .map((byte) => (byte > 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `%${byte.toString(16).padStart(2, '0')}`))
    .join('');
  const rooted = `/${escaped.replace(/^\/+/, '')}`.slice(0, 6_000);
  if (NOT_ASKED.test(rooted)) return Promise.resolve({ status: 404, type: '', answer: '' });
  const hasBody = method !== 'GET' && method !== 'HEAD';
  const headers = hasBody && /^[\x21-\x7e ]+$/.test(contentType) ? { 'content-type': contentType } : {};
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    const sent = request({ hostname, port, method, path: rooted, headers, agent }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => {
        // What streams without an end is looked at no further.
        if (chunks.push(chunk) > 1_000 || response.headers['content-type']?.startsWith('text/event-stream'))
          response.destroy();
      });
      response.once('close', () =>
        resolve({
          status: response.statusCode ?? 0,
          type: response.headers['content-type'] ?? '',
          answer: Buffer.concat(chunks).toString(),
        }),
      );
    });
    sent.once('error', reject);
    sent.end(hasBody ? body : undefined);
  });
}
