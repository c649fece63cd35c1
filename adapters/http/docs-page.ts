/** The API's document as a page to browse: plain HTML and a style sheet, so that it needs no script and nothing from elsewhere. */
import type { Operation } from '../../operations/operation.ts';
import { openApiDocument, type Schema, tagOf } from './openapi.ts';
import { operationList, routeOf } from './routes.ts';

export const DOCS_STYLE = `:root { color-scheme: light dark; --line: #8885; --quiet: #777; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1rem; }
h1 { margin-bottom: 0; }
h2 { margin-top: 2rem; border-bottom: 1px solid var(--line); }
code, pre { font: 14px/1.5 ui-monospace, monospace; }
pre { overflow: auto; max-height: 30rem; padding: .75rem; border: 1px solid var(--line); border-radius: 6px; }
details { border: 1px solid var(--line); border-radius: 6px; margin: .5rem 0; padding: .4rem .75rem; }
summary { cursor: pointer; }
.method { display: inline-block; min-width: 3.2rem; font-weight: 600; }
.quiet { color: var(--quiet); }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid var(--line); }
`;

/** @param base where the style sheet and the document lie beside the page: `` or `/api` */
export function docsPage(version: string, base: string): string {
  const { paths } = openApiDocument(version) as { paths: Record<string, Record<string, Schema>> };
  const tags = [...new Set(operationList.map(tagOf))];
  const sections = tags.map((tag) => {
    const of = operationList.filter((operation) => tagOf(operation) === tag);
    return `<h2 id="${tag}">${tag}</h2>\n${of.map((operation) => section(operation, paths)).join('\n')}`;
  });
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Plimsoll API ${escapeHtml(version)}</title>
<link rel="stylesheet" href="${base}/docs.css">
</head>
<body>
<h1>Plimsoll API</h1>
<p class="quiet">Version ${escapeHtml(version)}. The same as an <a href="${base}/openapi.json">OpenAPI 3.1 document</a>.</p>
<p>Send <code>Authorization: Bearer TOKEN</code> with the token that was printed at start. Queries take their input in the query
string. Commands and jobs take JSON, and are done once for each <code>Idempotency-Key</code>. Money, prices and quantities are
decimal text; times are milliseconds UTC. Every refusal is a problem document (RFC 9457) that says the way out. Live updates come
as server-sent events from <code>/api/stream?after=SEQUENCE</code>.</p>
<nav>${tags.map((tag) => `<a href="#${tag}">${tag}</a>`).join(' · ')}</nav>
${sections.join('\n')}
</body>
</html>
`;
}

function section(operation: Operation, paths: Record<string, Record<string, Schema>>): string {
  const { method, path } = routeOf(operation);
  const described = paths[path][method.toLowerCase()];
  return `<details id="${operation.name}">
<summary><span class="method">${method}</span> <code>${path}</code> ${escapeHtml(operation.summary)}</summary>
<p class="quiet">${escapeHtml(operation.name)}, a ${operation.kind}, for the role ${operation.role}.</p>
${inputTable(described)}
<p>Answers${operation.kind === 'job' ? ' 202 with' : ''}:</p>
<pre>${escapeHtml(JSON.stringify(answerOf(described), null, 2))}</pre>
</details>`;
}

function inputTable(described: Schema): string {
  const rows = inputOf(described).map(
    ([name, schema, isRequired]) =>
      `<tr><td><code>${escapeHtml(name)}</code></td><td>${isRequired ? 'required' : ''}</td><td><code>${escapeHtml(JSON.stringify(schema))}</code></td></tr>`,
  );
  if (rows.length === 0) return '<p>It takes nothing.</p>';
  return `<table><thead><tr><th>Input</th><th></th><th>Schema</th></tr></thead><tbody>${rows.join('')}</tbody></table>`;
}

function inputOf({ parameters, requestBody }: Schema): [name: string, schema: unknown, isRequired: boolean][] {
  if (!requestBody)
    return (parameters as Schema[]).map(({ name, schema, required }) => [String(name), schema, required === true]);
  const { properties = {}, required = [] } = schemaIn(requestBody as Schema) as {
    properties?: Schema;
    required?: string[];
  };
  return Object.entries(properties).map(([name, schema]) => [name, schema, required.includes(name)]);
}

function answerOf({ responses }: Schema): unknown {
  const { 200: done, 202: accepted } = responses as Record<number, Schema>;
  return schemaIn(done ?? accepted);
}

const schemaIn = ({ content }: Schema): Schema =>
  (content as { 'application/json': { schema: Schema } })['application/json'].schema;

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escapeHtml = (text: string): string => text.replace(/[&<>"]/g, (character) => ENTITIES[character]);
