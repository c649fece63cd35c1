/** The frame of every report: one page that needs nothing else, no script, no font, no request (its own policy forbids them). */
import type { Provenance } from '../../ports/market-data.ts';
import { STYLE } from './style.ts';
import { escapeHtml } from './text.ts';

export interface Page {
  readonly title: string;
  /** Where the figures come from: it colours every badge. */
  readonly provenance: Provenance;
  /** HTML of what is within. */
  readonly body: string;
  /** Rules beside those that all reports share. */
  readonly style?: string;
}

export const pageHtml = ({ title, provenance, body, style = '' }: Page): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'">
<title>${escapeHtml(title)}</title>
<link rel="icon" href="data:,">
<style>${STYLE}${style}</style>
</head>
<body class="${provenance}">
<main>
${body}
</main>
</body>
</html>
`;

export const section = (title: string, body: string): string => `<section><h2>${title}</h2>\n${body}</section>`;
