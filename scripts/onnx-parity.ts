/**
 * Holds every entry of the catalogue that exports to ONNX to its library, here: fits them on recorded gold in Python, evaluates their
 * files with ONNX Runtime in Node, and writes what came of it to `proof/onnx-parity.json`. It takes some minutes, most of them to install
 * CatBoost and what comes with it (1.1 GB) where the proof of the catalogue has not.
 *
 *     node scripts/run.mjs scripts/onnx-parity.ts
 */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { readBarFile } from '../adapters/files/bar-file.ts';
import { writeFeatureTable } from '../adapters/files/feature-table.ts';
import { OnnxModel, onnxSignature } from '../adapters/models/onnx.ts';
import { installedOnnxRuntime, ownOnnxSystem } from '../adapters/models/onnx-install.ts';
import { OnnxParityRows } from '../adapters/models/onnx-parity.ts';
import { type OnnxRuntime, onnxRuntime } from '../adapters/models/onnx-runtime.ts';
import { installerEnvironment, pythonEnvironment } from '../adapters/python/environment.ts';
import { PlimsollError } from '../core/errors.ts';
import { type BarColumns, sliceBars } from '../core/market/bars.ts';
import { featureSet } from '../core/models/features/feature-set.ts';
import { assertParity, PARITY_BOUND, type Parity } from '../core/models/parity.ts';
import { featureTable, labelSchema } from '../core/models/table.ts';
import { ONNX_FOLDER } from './onnx-runtime.ts';
import { GROUP_NAMES, GROUPS, type Group } from './proof/catalogue-sources.ts';

/** What became of one file; differences are shares of the target's scale, null where there is no answer to compare. */
export interface OnnxVerdict {
  readonly name: string;
  readonly bytes: number;
  readonly rows: number | null;
  readonly largestDifference: number | null;
  readonly flipped: number | null;
  /** The error's code; null where the file may be served. */
  readonly refused: string | null;
  /** What the error says. */
  readonly why: string | null;
}

/** What `proof/onnx-parity.json` holds. */
export interface OnnxParityProof {
  readonly format: 'plimsoll-onnx-parity/1';
  readonly bound: number;
  readonly runtime: string;
  readonly system: string;
  readonly data: { readonly file: string; readonly sha256: string; readonly bars: number };
  /** Versions, by package. */
  readonly libraries: Readonly<Record<string, string>>;
  /** Of the catalogue: all of them are to be served. */
  readonly entries: readonly OnnxVerdict[];
  /** Known to be exported wrongly: all of them are to be refused. */
  readonly traps: readonly OnnxVerdict[];
  /** Traps that were put right: all of them are to be served. */
  readonly mended: readonly OnnxVerdict[];
}

export const ONNX_PARITY_FILE = join(import.meta.dirname, '../proof/onnx-parity.json');
const root = join(import.meta.dirname, '..');
const GOLD = 'fx/xauusd_h1_2012_2022.parquet';
const BARS = 4_000;
const FEATURES = ['return-1', 'return-6', 'rsi-14', 'above-sma-20', 'atr-share-14', 'hour-sin', 'body'];
const LABEL = { kind: 'triple-barrier', bars: 12, width: 2, volatilityBars: 100 } as const;
const HOUR_MS = 3_600_000;
const EXPORT_LIMIT_MS = 3_600_000;
/** Of one entry, on a machine that has other work. */
const ENTRY_LIMIT_SECONDS = 1_500;
const OUTPUT_LIMIT = 2 ** 22;
const INSTALL_LIMIT_MS = 1_200_000;
/** What makes a file, and what it is held to, by group. */
const LIBRARIES: Readonly<Record<Group, readonly string[]>> = {
  core: ['scikit-learn', 'skl2onnx'],
  classical: ['catboost'],
};
/** Folders that hold no entries of the catalogue. */
const APART = ['traps', 'mended'];

/** Writes the table of features that the catalogue is fitted on here; the path of what is trained on. */
export async function goldTable(folder: string, bars: BarColumns, sha256: string): Promise<string> {
  const series = [{ symbol: 'XAU/USD', bars }];
  const made = featureTable(featureSet(FEATURES), labelSchema.parse(LABEL), series, { intervalMs: HOUR_MS });
  await writeFeatureTable(folder, made, {
    features: FEATURES,
    label: LABEL,
    timeframe: '1h',
    symbols: ['XAU/USD'],
    sources: [{ file: GOLD, sha256, provenance: 'recorded' }],
  });
  return join(folder, 'train');
}

/** What of the catalogue is exported: entries of one of its groups, with a Python that has the group's libraries. */
export interface OnnxExport {
  readonly python: string;
  readonly group: Group;
  readonly only: readonly string[];
}

/** Fits entries on a table and exports them to `folder`, and the traps of what is installed. Throws `ONNX_EXPORT_FAILED`. */
export async function exportToOnnx({ python, group, only }: OnnxExport, table: string, folder: string): Promise<void> {
  const files = ['--table', table, '--out', join(folder, '..', 'catalogue.json'), '--onnx', folder];
  await inPython(python, [
    '-m',
    'plimsoll_models.catalogue.prove',
    ...files,
    ...['--group', group, '--only', only.join(','), '--seconds', String(ENTRY_LIMIT_SECONDS)],
  ]);
}

/** Names of a group's entries that are served as ONNX; any Python with numpy can say so. Throws `ONNX_EXPORT_FAILED`. */
export async function servedAsOnnx(python: string, group: Group): Promise<string[]> {
  const question = `import json; from plimsoll_models.catalogue import GROUPS; print(json.dumps([e.name for e in GROUPS["${group}"] if e.served == "onnx"]))`;
  return JSON.parse(await inPython(python, ['-c', question])) as string[];
}

/** The Python of a group, which the tests and the proof make in the same folder. */
const pythonOf = (group: Group): Promise<string> =>
  pythonEnvironment({
    what: `the catalogue’s group ${group}`,
    requirements: join(root, `models/requirements/${group}.txt`),
    folder: join(root, '.cache', GROUPS[group]),
    isComplete: true,
    oldest: [3, 11],
    withinMs: INSTALL_LIMIT_MS,
  });

/** What it prints. Throws `ONNX_EXPORT_FAILED`. */
async function inPython(python: string, args: readonly string[]): Promise<string> {
  const env = { ...installerEnvironment(), PYTHONPATH: join(root, 'models'), PYTHONDONTWRITEBYTECODE: '1' };
  const options = { env, timeout: EXPORT_LIMIT_MS, maxBuffer: OUTPUT_LIMIT };
  try {
    return (await promisify(execFile)(python, args, options)).stdout;
  } catch (cause) {
    const said = (cause as { stderr?: string }).stderr || (cause as Error).message;
    throw new PlimsollError(
      'ONNX_EXPORT_FAILED',
      `Python did not export the models:\n${said.trimEnd()}\n`,
      'mend what it names',
      {
        cause,
      },
    );
  }
}

/** Every file of a folder that {@link exportToOnnx} wrote, held to what its library said. */
export async function verdictsOn(
  runtime: OnnxRuntime,
  folder: string,
): Promise<Pick<OnnxParityProof, 'entries' | 'traps' | 'mended'>> {
  const of = async (within: string): Promise<OnnxVerdict[]> => {
    const verdicts: OnnxVerdict[] = [];
    for (const name of readdirSync(within).sort())
      if (!APART.includes(name)) verdicts.push(await verdictOn(runtime, name, join(within, name)));
    return verdicts;
  };
  return {
    entries: await of(folder),
    traps: await of(join(folder, 'traps')),
    mended: await of(join(folder, 'mended')),
  };
}

async function verdictOn(runtime: OnnxRuntime, name: string, folder: string): Promise<OnnxVerdict> {
  const file = (part: string): Uint8Array => readFileSync(join(folder, part));
  const bytes = file('model.onnx');
  let parity: Parity | undefined;
  let problem: PlimsollError | undefined;
  try {
    const signature = onnxSignature(new TextDecoder().decode(file('signature.json')));
    const model = await OnnxModel.open(runtime, bytes, signature);
    parity = await new OnnxParityRows(file('parity.bin')).compare(model).finally(() => model.close());
    assertParity(name, parity);
  } catch (error) {
    if (!(error instanceof PlimsollError)) throw error;
    problem = error;
  }
  return {
    name,
    bytes: bytes.length,
    rows: parity?.rows ?? null,
    largestDifference: parity?.largestDifference ?? null,
    flipped: parity?.flipped ?? null,
    refused: problem?.code ?? null,
    why: problem?.message ?? null,
  };
}

async function librariesOf(python: string, group: Group): Promise<Record<string, string>> {
  const question = `import importlib.metadata as m, json; print(json.dumps({n: m.version(n) for n in ${JSON.stringify(LIBRARIES[group])}}))`;
  return JSON.parse(await inPython(python, ['-c', question])) as Record<string, string>;
}

async function proved(system: string, runtime: OnnxRuntime, work: string): Promise<OnnxParityProof> {
  const recorded = process.env.PLIMSOLL_DATA ?? join(root, '../shared/data');
  const { bars, provenance } = await readBarFile(join(recorded, GOLD), { symbols: 'all' });
  const table = await goldTable(join(work, 'table'), sliceBars([...bars.values()][0], 0, BARS), provenance.sha256);
  const exported = join(work, 'onnx');
  let libraries: Readonly<Record<string, string>> = {};
  for (const group of GROUP_NAMES) {
    const python = await pythonOf(group);
    await exportToOnnx({ python, group, only: await servedAsOnnx(python, group) }, table, exported);
    libraries = { ...libraries, ...(await librariesOf(python, group)) };
  }
  return {
    format: 'plimsoll-onnx-parity/1',
    bound: PARITY_BOUND,
    runtime: runtime.env.versions.node ?? 'unknown',
    system,
    data: { file: GOLD, sha256: provenance.sha256, bars: BARS },
    libraries,
    ...(await verdictsOn(runtime, exported)),
  };
}

/** Names of what is not as it has to be. */
export const wrongIn = ({ entries, traps, mended }: OnnxParityProof): string[] =>
  [
    ...[...entries, ...mended].filter(({ refused }) => refused !== null),
    ...traps.filter(({ refused }) => refused === null),
  ].map(({ name }) => name);

if (import.meta.main) {
  const work = mkdtempSync(join(tmpdir(), 'plimsoll-onnx-parity-'));
  try {
    const system = ownOnnxSystem();
    if (!system)
      throw new PlimsollError(
        'ONNX_SYSTEM_UNKNOWN',
        'ONNX Runtime has no library for this machine',
        'run this on another one',
      );
    const runtime = onnxRuntime(installedOnnxRuntime({ systems: [system], folder: ONNX_FOLDER })[0]);
    const proof = await proved(system, runtime, work);
    mkdirSync(join(ONNX_PARITY_FILE, '..'), { recursive: true });
    writeFileSync(ONNX_PARITY_FILE, `${JSON.stringify(proof, null, 2)}\n`);
    const wrong = wrongIn(proof);
    console.log(
      `${proof.entries.length} entries, ${proof.traps.length} traps, ${proof.mended.length} put right: proof/onnx-parity.json.`,
    );
    if (wrong.length > 0) {
      console.error(`Not as they have to be: ${wrong.join(', ')}.`);
      process.exitCode = 1;
    }
  } catch (problem) {
    if (!(problem instanceof PlimsollError)) throw problem;
    console.error(problem.sentence);
    process.exitCode = 1;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
