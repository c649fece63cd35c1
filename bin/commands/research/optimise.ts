import { barsPerYear } from '../../../core/backtest/metrics.ts';
import { Search, type SearchMethod } from '../../../core/research/optimise/search.ts';
import type { SearchAxis } from '../../../core/research/optimise/space.ts';
import { assertBootstrap } from '../../../core/research/sweep/doubts.ts';
import type { GridPoint } from '../../../core/research/sweep/grid.ts';
import { judgeSweep, type SweepReport, type Tried, type TriedAll } from '../../../core/research/sweep/sweep.ts';
import { progressLine } from '../progress.ts';
import { dataText } from '../recorded-backtest.ts';
import type { RunArguments } from '../run-arguments.ts';
import { prepareSpace, type SpaceCandidates } from './candidates.ts';
import { line, periodsText, plain, printJson, row, sourceOf, threadsText } from './print.ts';
import { RunThreads } from './run-threads.ts';
import { printBest, printDoubts, readingOf, trialsMade, triedJson } from './sweep.ts';
import { type QuestionArguments, questionOf } from './trials-file.ts';

export interface OptimiseArguments extends RunArguments, QuestionArguments {
  readonly space: readonly SearchAxis[];
  readonly method: SearchMethod;
  readonly runs: number;
  readonly batch: number;
  readonly draws: number;
  readonly seed: number;
  readonly top: number;
  readonly threads: number;
}

interface Searched {
  readonly all: TriedAll;
  /** Of what was tried, in order. */
  readonly points: readonly GridPoint[];
  /** How many of the first were drawn evenly. */
  readonly even: number;
}

/** Searches a strategy's parameters, each run choosing the next, and doubts the best. */
export async function optimise(given: OptimiseArguments): Promise<void> {
  assertBootstrap(given);
  const question = await questionOf(given);
  const candidates = await prepareSpace(given, given.space);
  const { prepared } = candidates;
  const searched = await searchOver(given, candidates);
  const made = trialsMade(prepared, searched.all.tried, searched.all.periodsPerYear);
  const earlier = question.earlier(made.map(({ key }) => key));
  const { draws, seed } = given;
  const report = judgeSweep(searched.all, { earlier, even: searched.even, draws, seed });
  await question.keep(made);
  if (given.json) printJson(jsonOf(given, prepared, searched, report));
  else printText(given, prepared, searched, report);
}

async function searchOver(given: OptimiseArguments, candidates: SpaceCandidates): Promise<Searched> {
  const { method, runs: total, seed, batch, threads } = given;
  const { prepared, accepts } = candidates;
  const search = new Search(given.space, { method, runs: total, seed, batch, accepts });
  const runs = new RunThreads(prepared.bars, { threads, total, root: process.cwd() });
  const progress = progressLine('Searching');
  const tried: Tried[] = [];
  const points: GridPoint[] = [];
  try {
    for (let asked = search.ask(); asked.length > 0; asked = search.ask()) {
      const definitions = asked.map((point) => candidates.definitionOf(point));
      const came = await runs.run(definitions, (done) => progress(points.length + done, total));
      for (const [k, point] of asked.entries()) search.tell(point, came[k].sharpe);
      tried.push(...came);
      points.push(...asked);
    }
    const { barsPerPeriod } = runs;
    const periodsPerYear = barsPerYear(prepared.definition) / barsPerPeriod;
    return { all: { tried, barsPerPeriod, periodsPerYear }, points, even: Math.min(search.evenRuns, tried.length) };
  } finally {
    progress.end();
    await runs.close();
  }
}

type Prepared = SpaceCandidates['prepared'];

function jsonOf(given: OptimiseArguments, prepared: Prepared, { points, even }: Searched, report: SweepReport): object {
  const { tried, ranked, idle, barsPerPeriod, periodsPerYear, doubts } = report;
  const { strategy, set, space, method, batch, seed } = given;
  const shown = (each: Tried): object => triedJson(each, points[tried.indexOf(each)], periodsPerYear);
  return {
    strategy: strategy[0],
    set,
    space,
    method,
    objective: 'sharpe',
    question: given.question ?? null,
    runs: tried.length,
    drawnEvenly: even,
    batch,
    idle,
    barsPerPeriod,
    periodsPerYear,
    seed,
    best: shown(ranked[0]),
    foundAtRun: tried.indexOf(ranked[0]) + 1,
    doubts,
    tried: tried.map(shown),
    ...sourceOf(prepared),
  };
}

function printText(
  given: OptimiseArguments,
  prepared: Prepared,
  { points, even }: Searched,
  report: SweepReport,
): void {
  const { tried, ranked, idle, doubts, barsPerPeriod, periodsPerYear } = report;
  const root = Math.sqrt(periodsPerYear);
  row('Data', dataText(prepared));
  row('Strategy', `${given.strategy[0]} ${JSON.stringify(given.set)}`);
  row('Runs', `${tried.length}, of which ${idle} never traded; on ${threadsText(given.threads)}, seed ${given.seed}`);
  row('Search', searchText(given, even));
  row('Returns', periodsText(doubts.periods, barsPerPeriod, periodsPerYear));
  line();
  printBest(ranked.slice(0, given.top), (each) => points[tried.indexOf(each)], periodsPerYear);
  line();
  const first = tried.slice(0, even).filter(({ sharpe }) => !Number.isNaN(sharpe));
  const best = Math.max(...first.map(({ sharpe }) => sharpe));
  row(
    'Found',
    `by run ${tried.indexOf(ranked[0]) + 1}${first.length === 0 || even === tried.length ? '' : `; the best of those drawn evenly had ${plain(best * root)} a year`}`,
  );
  printDoubts(doubts, periodsPerYear);
  row('Counted', given.question === undefined ? 'this run alone (--question adds up)' : `for "${given.question}"`);
  row('Reading', readingOf(doubts));
}

const searchText = ({ method, batch }: OptimiseArguments, even: number): string =>
  method === 'random'
    ? 'all drawn evenly'
    : `${even} drawn evenly, the others in batches of ${batch} where the best so far are dense (tree-structured Parzen estimator)`;
