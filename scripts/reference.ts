/** Writes the reference pages that are made from the code. `--check` writes nothing and fails where one is not current. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Described } from '../core/risk/controls/control.ts';
import { CAPS, CHECKS, OF_EVERY_ORDER, SIZED, SMALLEST } from '../core/risk/controls/index.ts';
import { DENIAL_UNITS } from '../core/risk/denial.ts';
import { DENIAL_MEANINGS } from '../core/risk/denial-meanings.ts';
import { limitsSchema } from '../core/risk/limits.ts';
import { onnxParityPage } from './onnx-parity-page.ts';
import { cataloguePage } from './proof/catalogue-page.ts';
import { withReliability } from './proof/reliability.ts';
import { reliabilityPage } from './proof/reliability-page.ts';

const DEFAULTS: Readonly<Record<string, unknown>> = limitsSchema.parse({});

const CONTROLS = join(import.meta.dirname, '../core/risk/controls');

/** Why the default of each control is what it is, by its code: the comment above it. */
export const RATIONALES: ReadonlyMap<string, string> = new Map(
  readdirSync(CONTROLS).flatMap((file) => {
    const source = readFileSync(join(CONTROLS, file), 'utf8');
    const found = source.matchAll(
      /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\nexport const \w+: (?:Check|Cap|Described) = \{\s*code: '(\w+)'/g,
    );
    return [...found].map(([, comment, code]) => [code, comment.replace(/\s*\n \* ?/g, ' ').trim()] as const);
  }),
);

const row = ({ code, limit, owner }: Described): string => {
  const unit = DENIAL_UNITS[code];
  const meaning = DENIAL_MEANINGS[code];
  const by = limit === undefined ? 'always on' : `\`${limit}\`, ${defaultOf(limit)}`;
  return `| \`${code}\` | ${meaning} | ${by} | ${unit || '–'} | ${owner} | ${RATIONALES.get(code) ?? ''} |`;
};

function defaultOf(limit: string): string {
  const value = DEFAULTS[limit];
  if (value === undefined || (Array.isArray(value) && value.length === 0)) return 'off by default';
  return `default ${String(value)}`;
}

const table = (controls: readonly Described[]): string =>
  [
    '| code | meaning | set by | unit | owner | why its default is what it is |',
    '|---|---|---|---|---|---|',
    ...controls.map(row),
  ].join('\n');

function riskControls(): string {
  return `# Controls of the risk line

Made from the code by \`npm run reference\`; every change of a control shows here. An order that fails one is denied with its code, its limit
and the value that it had. Limits are set under \`limits:\` of an account in \`plimsoll.yaml\`. The owner is who answers for the threshold: the *trader*
who runs the strategies, *risk* who sets what the account may bear, *operations* who runs the platform.

## Every order

${table(OF_EVERY_ORDER)}

## Orders that may raise a position

An order that can only lower one passes all of these: nothing stands between a person and less risk. They are asked in this order, and the first that
refuses is the one that is named.

${table(CHECKS)}

## Size

Each leaves an order so much room in money. One that is too large is made as small as the tightest asks, or denied where the account says
\`oversize: deny\`.

${table([...CAPS, ...SMALLEST])}

## Sizing

An account, or a strategy in it, may size its opening orders by methods under \`sizing:\`. All are asked, the smallest wins, and the \`OrderSized\` event shows
what each said. One that is asked for more than its size is made smaller, whatever \`oversize\` says; these codes are left where nothing is.

${table(SIZED)}

## The account

\`maxDrawdown\` sets trading to reducing when equity falls so far below its peak, \`haltDrawdown\` halts it. Only a person resumes.

\`minLiquidationDistance\` (off by default, a share of the price) closes a perpetual that has come so near to its liquidation, at the next open, whatever
its strategy says: the venue would take what is left of its margin. It is looked at when a bar closes; under a halt nothing is closed.
`;
}

/** Every page by its path below the repository's root. */
export const PAGES: Readonly<Record<string, () => string>> = {
  'docs/reference/risk-controls.md': riskControls,
  'docs/reference/reliability.md': () => reliabilityPage(),
  'docs/reference/onnx-parity.md': () => onnxParityPage(),
  'docs/reference/catalogue.md': () => cataloguePage(),
  'README.md': () => withReliability(readFileSync(join(import.meta.dirname, '../README.md'), 'utf8')),
};

if (import.meta.main) {
  const root = join(import.meta.dirname, '..');
  const stale = Object.entries(PAGES).filter(([path, page]) => read(join(root, path)) !== page());
  if (process.argv.includes('--check') && stale.length > 0) {
    console.error(`Not current: ${stale.map(([path]) => path).join(', ')}. Run npm run reference.`);
    process.exit(1);
  }
  for (const [path, page] of stale) writeFileSync(join(root, path), page());
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
