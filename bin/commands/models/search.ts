/** A search for a model within a budget of trials, minutes and money. */
import { resolve } from 'node:path';
import { PlimsollError } from '../../../core/errors.ts';
import { type Leaderboard, type Searched, searchModels } from '../../../platform/models/search.ts';
import { progressLine } from '../progress.ts';
import { directoryOf, type ModelsArguments } from './arguments.ts';
import { rounded, say, sayTable } from './print.ts';

export interface SearchArguments extends ModelsArguments {
  readonly table: string[];
  readonly trials: number;
  readonly minutes: number;
  readonly usd?: number;
  readonly usdPerHour?: number;
  readonly seed: number;
  readonly set: Record<string, string | number | boolean>;
}

/** Of the leaderboard, that are printed. */
const SHOWN = 10;

/** Throws `USAGE` for a budget of money without a price, and as `searchModels`. */
export async function search(given: SearchArguments): Promise<void> {
  const { trials, minutes, usd, usdPerHour, seed } = given;
  if (usd !== undefined && !usdPerHour)
    throw new PlimsollError(
      'USAGE',
      `the budget is ${usd} USD, and an hour of this machine has no price`,
      'name it with --usd-per-hour, or leave --usd out',
    );
  const progress = progressLine('Searching');
  const stopping = new AbortController();
  const stop = (): void => stopping.abort();
  process.once('SIGINT', stop);
  const searched = await searchModels({
    directory: directoryOf(given),
    tables: given.table.map((table) => resolve(table)),
    ...{ trials, minutes, seed, hyperparameters: given.set },
    ...(usd === undefined ? {} : { usd }),
    ...(usdPerHour === undefined ? {} : { usdPerHour }),
    onProgress: ({ step, of }) => progress(step, of),
    signal: stopping.signal,
    environment: process.env,
  }).finally(() => {
    progress.end();
    process.removeListener('SIGINT', stop);
  });
  if (given.json) return say(JSON.stringify(searched));
  for (const note of searched.notes) say(note);
  sayTables(searched.leaderboard, given.table);
  sayBoard(searched.leaderboard);
  saySpent(searched);
  say(searched.leaderboard.verdict);
}

/** Which folder each channel is; the job is given them in this order. */
function sayTables({ tables }: Leaderboard, folders: readonly string[]): void {
  for (const [k, { channel, baselineLogLoss }] of tables.entries())
    say(`${channel} is ${folders[k]}; who knows nothing loses ${rounded(baselineLogLoss)} nats a row`);
}

function sayBoard({ board }: Leaderboard): void {
  const head = ['', 'estimator', 'table', 'gain', 'error', 't', 'deflated', '', 'settings'];
  const rows = board
    .slice(0, SHOWN)
    .map(({ rank, estimator, table, gain, error, tRatio, deflated, standing, settings }) => [
      String(rank),
      estimator,
      table,
      ...[gain, error, tRatio, deflated].map(shown),
      standing,
      Object.entries(settings)
        .map(([name, value]) => `${name}=${typeof value === 'number' ? rounded(value) : value}`)
        .join(' '),
    ]);
  sayTable([head, ...rows]);
  if (board.length > SHOWN) say(`and ${board.length - SHOWN} more`);
}

const shown = (value: number | null): string => (value === null ? '-' : String(Number(value.toPrecision(3))));

function saySpent({ leaderboard, spent, folder }: Searched): void {
  const { budget, trials, rows, blocks } = leaderboard;
  const failed = trials.failed > 0 ? `, of which ${trials.failed} failed` : '';
  const money = budget.usd === null ? '' : ` and ${rounded(spent.usd)} of ${budget.usd} USD`;
  say(
    `${trials.made} of ${budget.trials} trials${failed}, ${rounded(spent.minutes)} of ${budget.minutes} minutes${money}; ended by ${budget.metBy}.`,
  );
  say(
    `Gains are nats a row over a baseline, on ${rows} rows in ${blocks} blocks of time that no trial was trained on. All of it: ${folder}`,
  );
}
