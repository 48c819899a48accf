import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { FastifyInstance } from 'fastify';
import { marked } from 'marked';

/** The runbooks of the generated alerts, one Markdown file an alert. */
const RUNBOOKS = fileURLToPath(new URL('../../../../docs/runbooks/', import.meta.url));

/** `/docs/runbooks/<alert>`: what the runbook links of alerts lead to unless tillwatch.yaml names another place. */
export function registerRunbookRoutes(app: FastifyInstance): void {
  app.get<{ Params: { alert: string } }>('/docs/runbooks/:alert', async (request, reply) => {
    const { alert } = request.params;
    const text = /^\w+$/.test(alert)
      ? await readFile(`${RUNBOOKS}${alert}.md`, 'utf8').catch(() => undefined)
      : undefined;
    if (text === undefined) {
      return reply
        .code(404)
        .type('text/plain; charset=utf-8')
        .send(`There is no runbook for ${JSON.stringify(alert)}.\n`);
    }
    return reply.type('text/html; charset=utf-8').send(runbookPage(alert, await marked.parse(text)));
  });
}

function runbookPage(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · Tillwatch runbook</title>
<style>
body { max-width: 44rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; font: 16px/1.6 system-ui, sans-serif; }
pre { overflow-x: auto; padding: .75rem 1rem; border: 1px solid color-mix(in srgb, currentColor 18%, transparent); border-radius: 8px; }
code { font-size: .9em; }
table { border-collapse: collapse; } td, th { padding: .3rem .8rem .3rem 0; text-align: left; }
</style>
</head>
<body>
<p><a href="/">Back to the watch</a></p>
${body}
</body>
</html>
`;
}
