/** Which models ONNX Runtime evaluates like their libraries, one by one: the page that is made from `proof/onnx-parity.json`. */
import { readFileSync } from 'node:fs';
import { ONNX_PARITY_FILE, type OnnxParityProof, type OnnxVerdict } from './onnx-parity.ts';

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

const figure = (value: number | null): string => (value === null ? '–' : value.toExponential(1));
const whole = (value: number | null): string => (value === null ? '–' : value.toLocaleString('en-US'));

const rowOf = ({ name, rows, largestDifference, flipped, bytes, refused }: OnnxVerdict): string[] => [
  `\`${name}\``,
  whole(rows),
  figure(largestDifference),
  whole(flipped),
  whole(bytes),
  refused === null ? 'served' : `refused: \`${refused}\``,
];

const verdicts = (of: readonly OnnxVerdict[]): string =>
  table(['model', 'rows', 'largest difference', 'decisions flipped', 'bytes', 'verdict'], of.map(rowOf));

/** The page. `proof` is read from its file where none is given. */
export function onnxParityPage(
  proof: OnnxParityProof = JSON.parse(readFileSync(ONNX_PARITY_FILE, 'utf8')) as OnnxParityProof,
): string {
  const { bound, runtime, system, data, libraries, entries, traps, mended } = proof;
  const worst = Math.max(...entries.map(({ largestDifference }) => largestDifference ?? Number.POSITIVE_INFINITY));
  const served = entries.filter(({ refused }) => refused === null);
  const versions = Object.entries(libraries).map(([name, version]) => `${name} ${version}`);
  return `# Models in ONNX, beside their libraries

Made from \`proof/onnx-parity.json\` by \`npm run reference\`; \`node scripts/run.mjs scripts/onnx-parity.ts\` renews that. Every entry of the catalogue that is served as ONNX was fitted on
${whole(data.bars)} bars of \`${data.file}\`, exported (${versions.join(', ')}), and evaluated in Node by ONNX Runtime ${runtime} on ${system}. A file is refused where an answer
differs from the library's by more than ${figure(bound)} of the target's scale (a probability's is 1), or where one decision is another.

**${served.length} of ${entries.length} are served, the worst at ${figure(worst)}.**

${verdicts(entries)}

## Traps

What converts without a word and must not be served:

${verdicts(traps)}

## Put right

Files that end in ZipMap, which gives a map for each row and no tensor, after \`without_zipmap\` of \`models/plimsoll_models/export/onnx_file.py\`:

${verdicts(mended)}
`;
}
