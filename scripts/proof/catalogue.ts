/**
 * Every model of the catalogue, fitted on recorded gold and judged on later rows beside what anyone would guess. The groups are fitted
 * each in a Python of its own, with the packages that its requirements file names; one whose sources have not changed since is kept as it was.
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { readBarFile } from '../../adapters/files/bar-file.ts';
import { writeFeatureTable } from '../../adapters/files/feature-table.ts';
import { installerEnvironment, pythonEnvironment } from '../../adapters/python/environment.ts';
import { type BarColumns, sliceBars } from '../../core/market/bars.ts';
import { type CatalogueEntry, catalogueOf, verdictOf } from '../../core/models/catalogue/entry.ts';
import { featureSet } from '../../core/models/features/feature-set.ts';
import { featureTable, labelSchema } from '../../core/models/table.ts';
import { GROUP_NAMES, GROUPS, type Group, sourcesOf } from './catalogue-sources.ts';
import { ROOT } from './sources.ts';

/** What is fitted: the same for every entry, so that they can be compared. */
const BARS = { file: 'fx/xauusd_h1_2012_2022.parquet', symbol: 'XAU/USD', timeframe: '1h', from: 48_600, to: 51_000 };
const FEATURES = ['return-1', 'return-6', 'rsi-14', 'above-sma-20', 'atr-share-14', 'hour-sin', 'body'];
const LABEL = { kind: 'triple-barrier', bars: 12, width: 2, volatilityBars: 100 } as const;
const HOUR_MS = 3_600_000;

const OLDEST_PYTHON = [3, 11] as const;
const INSTALL_LIMIT_MS = 1_200_000;
const RUN_LIMIT_MS = 21_600_000;
/** Of one entry, in seconds. */
const ENTRY_LIMIT = 3_600;
const OUTPUT_LIMIT = 64 * 2 ** 20;
const DIGITS = 7;

/** Of a group that was fitted. */
interface Fitted {
  /** Of the sources that it was fitted with: the start of their SHA-256, hex. */
  readonly sources: string;
  readonly entries: number;
  /** Names of those that there was no time for: they are not in the catalogue until they are fitted. */
  readonly notFitted: readonly string[];
  readonly cpuSeconds: number;
  /** By trap, why its export is refused. */
  readonly traps: Readonly<Record<string, string>>;
}

/** What is fitted: the table's folder and the hash of its rows; and for how long. */
interface Rows {
  readonly folder: string;
  readonly table: string;
  readonly minutes: number | undefined;
}

interface FittedGroup {
  readonly about: Fitted;
  readonly data: Readonly<Record<string, unknown>>;
  readonly entries: readonly CatalogueEntry[];
}

/** What `plimsoll_models.catalogue.prove` writes. */
interface Proved {
  readonly trained: number;
  readonly judged: number;
  readonly periods: Readonly<Record<'trained' | 'judged', readonly [number, number]>>;
  readonly cpuSeconds: number;
  readonly traps: readonly { readonly name: string; readonly refused: string | null }[];
  readonly entries: readonly ProvedEntry[];
  /** Names of those that there was no time for. */
  readonly left: readonly string[];
}
type ProvedEntry = Omit<CatalogueEntry, 'group' | 'verdict' | 'parity'> & {
  readonly largestDifference: number | null;
  readonly flipped: number | null;
  readonly refused: string | null;
};

export interface CatalogueFigures {
  readonly data: Readonly<Record<string, unknown>>;
  readonly counts: Readonly<Record<string, unknown>>;
  readonly groups: Readonly<Partial<Record<Group, Fitted>>>;
  readonly entries: readonly CatalogueEntry[];
}

export interface CatalogueRun {
  /** Figures of a proof before: groups of it are kept that are whole and of these sources and rows. */
  readonly before?: CatalogueFigures | undefined;
  /** After which no further entry is begun; those that are left out are named. */
  readonly minutes?: number | undefined;
}

/** Throws where the recorded data are not there, and as the packages' installation and the fits do. */
export async function proveCatalogue({ before, minutes }: CatalogueRun = {}): Promise<Record<string, unknown>> {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-catalogue-'));
  try {
    const { bars, sha256 } = await recordedBars();
    const table = await writeTable(folder, bars, sha256);
    const same = before?.data.table === table ? before : undefined;
    const fitted = await Promise.all(GROUP_NAMES.map((group) => fittedOf(group, { folder, table, minutes }, same)));
    const entries = fitted.flatMap((each) => each.entries);
    const groups = Object.fromEntries(GROUP_NAMES.map((group, k) => [group, fitted[k].about]));
    const data = { ...fitted[0].data, sha256, table };
    const figures = { data, counts: countsOf(entries), groups, entries };
    catalogueOf(JSON.parse(JSON.stringify(figures)));
    return figures;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function recordedBars(): Promise<{ bars: BarColumns; sha256: string }> {
  const folder = process.env.PLIMSOLL_DATA ?? join(ROOT, '../shared/data');
  const path = join(folder, BARS.file);
  if (!existsSync(path))
    throw new Error(`${BARS.file} is not there: name the folder of recorded data in PLIMSOLL_DATA`);
  const { bars, provenance } = await readBarFile(path, { symbols: 'all' });
  const [series] = bars.values();
  return { bars: sliceBars(series, BARS.from, BARS.to), sha256: provenance.sha256 };
}

/** Returns the hash of its rows. */
async function writeTable(folder: string, bars: BarColumns, sha256: string): Promise<string> {
  const { file, symbol, timeframe } = BARS;
  const made = featureTable(featureSet(FEATURES), labelSchema.parse(LABEL), [{ symbol, bars }], {
    intervalMs: HOUR_MS,
  });
  const sources = [{ file, sha256, provenance: 'recorded' as const }];
  const about = { features: FEATURES, label: LABEL, timeframe, symbols: [symbol], sources };
  return (await writeFeatureTable(folder, made, about)).sha256;
}

/** @param kept the folder of finished entries in .cache/proof: a run that was broken off goes on where it was */
async function prove(group: Group, { folder, minutes }: Rows, kept: string): Promise<Proved> {
  process.stderr.write(`${group}: its Python is made where it is not there yet, then every entry is fitted\n`);
  const python = await pythonEnvironment({
    what: `the catalogue’s group ${group}`,
    requirements: join(ROOT, `models/requirements/${group}.txt`),
    folder: join(ROOT, '.cache', GROUPS[group]),
    isComplete: true,
    oldest: OLDEST_PYTHON,
    withinMs: INSTALL_LIMIT_MS,
  });
  const out = join(folder, `${group}.json`);
  const module = ['-m', 'plimsoll_models.catalogue.prove'];
  const given = ['--table', join(folder, 'train'), '--out', out, '--kept', join(ROOT, '.cache/proof', kept)];
  given.push('--group', group, '--seconds', String(ENTRY_LIMIT));
  if (minutes !== undefined) given.push('--minutes', String(minutes));
  try {
    await promisify(execFile)(python, [...module, ...given], {
      env: { ...installerEnvironment(), PYTHONPATH: join(ROOT, 'models'), PYTHONDONTWRITEBYTECODE: '1' },
      timeout: RUN_LIMIT_MS,
      maxBuffer: OUTPUT_LIMIT,
    });
  } catch (error) {
    // Where every model fits and the gate refuses a file, all of it is written, with the refusal.
    if (!existsSync(out)) throw error;
  }
  return JSON.parse(readFileSync(out, 'utf8')) as Proved;
}

/** Throws where the sources are changed while they are run. */
async function fittedOf(group: Group, rows: Rows, before?: CatalogueFigures): Promise<FittedGroup> {
  const sources = sourcesOf(group);
  const kept = before?.groups[group];
  if (before && kept?.sources === sources && kept.notFitted.length === 0)
    return { about: kept, data: before.data, entries: before.entries.filter((entry) => entry.group === group) };
  const proved = await prove(group, rows, `catalogue-${group}-${sources}-${rows.table.slice(0, sources.length)}`);
  if (sourcesOf(group) !== sources)
    throw new Error(`the sources of ${group} were changed while they were run: run it again`);
  const { cpuSeconds, entries, traps, left } = proved;
  return {
    about: {
      sources,
      entries: entries.length,
      notFitted: left,
      cpuSeconds,
      traps: Object.fromEntries(traps.map(sprung)),
    },
    data: dataOf(proved),
    entries: entries.map((entry) => entryOf(group, entry)),
  };
}

function sprung({ name, refused }: Proved['traps'][number]): [string, string] {
  if (refused === null)
    throw new Error(`nothing refuses the export ${name}, which says something else than its library`);
  return [name, refused];
}

function entryOf(group: Group, entry: ProvedEntry): CatalogueEntry {
  const { name, of, category, task, inputs, outputs, target, space, cost, licence, served } = entry;
  const { metric, higherIsBetter, fittedOn, judgedOn, inSample, blocks, regimes, cpuSeconds } = entry;
  const { largestDifference, flipped, refused } = entry;
  const gained: [number, number] = [rounded(entry.gained[0]), rounded(entry.gained[1])];
  const inRegimes = Object.entries(regimes).map(([regime, { rows, score, baseline }]) => [
    regime,
    { rows, score: rounded(score), baseline: rounded(baseline) },
  ]);
  return {
    ...{
      name,
      of,
      group,
      category,
      task,
      inputs,
      outputs,
      target,
      space,
      cost,
      licence,
      served,
      metric,
      higherIsBetter,
    },
    score: rounded(entry.score),
    baseline: rounded(entry.baseline),
    gained,
    verdict: verdictOf(gained),
    ...{ fittedOn, judgedOn, inSample },
    regimes: Object.fromEntries(inRegimes),
    blocks: blocks.map(rounded),
    cpuSeconds,
    parity: largestDifference === null ? null : { largestDifference, flipped: flipped ?? 0, refused },
  };
}

const dataOf = ({ trained, judged, periods }: Proved) => ({
  file: BARS.file,
  symbol: BARS.symbol,
  timeframe: BARS.timeframe,
  features: FEATURES,
  trained: { rows: trained, period: periods.trained },
  judged: { rows: judged, period: periods.judged },
});

function countsOf(entries: readonly CatalogueEntry[]): Record<string, unknown> {
  const by = (field: 'verdict' | 'task' | 'served' | 'licence'): Record<string, number> => {
    const counts: Record<string, number> = {};
    for (const entry of entries) counts[entry[field]] = (counts[entry[field]] ?? 0) + 1;
    return counts;
  };
  return {
    entries: entries.length,
    ...{ byVerdict: by('verdict'), byTask: by('task'), byServed: by('served'), byLicence: by('licence') },
  };
}

const rounded = (value: number): number => Number(value.toPrecision(DIGITS));
