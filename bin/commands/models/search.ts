/** A search for a model within a budget of trials, minutes and money. */
import { userInfo } from 'node:os';
import { resolve } from 'node:path';
import { PlimsollError } from '../../../core/errors.ts';
import { listedVersion } from '../../../operations/models/listed.ts';
import { rounded } from '../../../operations/models/rounded.ts';
import {
  type Leaderboard,
  type ModelSearch,
  type Searched,
  searchModels,
  winnerOf,
} from '../../../platform/models/search.ts';
import { modelsIn } from '../../../platform/models/strategies-at-hand.ts';
import { type Trained, train } from '../../../platform/models/training.ts';
import { progressLine } from '../progress.ts';
import { directoryOf, type ModelsArguments } from './arguments.ts';
import { sayCard } from './card.ts';
import { say, sayTable } from './print.ts';
import { isOnSageMaker, type SageMakerArguments } from './sagemaker-arguments.ts';

export interface SearchArguments extends ModelsArguments, SageMakerArguments {
  readonly table: string[];
  readonly trials: number;
  readonly minutes: number;
  readonly usd?: number;
  readonly usdPerHour?: number;
  readonly seed: number;
  readonly set: Record<string, string | number | boolean>;
  /** Name of the model that the winner is trained as, where there is one. */
  readonly train?: string;
}

/** Of the leaderboard, that are printed. */
const SHOWN = 10;
/** Of the training of a winner. */
const TRAINING_MS = 2 * 3_600_000;

/** On this machine, or on SageMaker; a winner is trained here. Throws as either does, and as the training does. */
export async function search(given: SearchArguments): Promise<void> {
  // Refused now rather than after the search.
  if (given.train !== undefined) await modelsIn(directoryOf(given)).standing(given.train);
  const searched = isOnSageMaker(given)
    ? await (await import('./search-on-sagemaker.ts')).searchThere(given)
    : await searchHere(given);
  const trained = given.train === undefined ? undefined : await trainWinner(given.train, searched, given);
  if (given.json) {
    const winner = trained && listedVersion(trained.version, 'candidate');
    return say(JSON.stringify({ ...searched, ...(given.train === undefined ? {} : { trained: winner ?? null }) }));
  }
  for (const note of searched.notes) say(note);
  sayTables(searched.leaderboard, given.table);
  sayBoard(searched.leaderboard);
  saySpent(searched);
  say(searched.leaderboard.verdict);
  if (trained) {
    say(`${given.train} ${trained.version.version} is trained on every row, and waits as a candidate.`);
    sayCard(trained.version);
  } else if (given.train !== undefined) say(`Nothing is trained as ${given.train}.`);
}

/** Undefined where the search found nothing. */
async function trainWinner(name: string, searched: Searched, given: SearchArguments): Promise<Trained | undefined> {
  const winner = winnerOf(searched.leaderboard, given.table, given.set);
  if (winner === undefined) return undefined;
  const { reason, hyperparameters } = winner;
  return underProgress('Training', (told) =>
    train({
      ...{ directory: directoryOf(given), name, hyperparameters, reason },
      table: resolve(winner.table),
      by: userInfo().username,
      withinMs: TRAINING_MS,
      ...told,
      environment: process.env,
      now: () => Date.now(),
    }),
  );
}

/** Throws `USAGE` for a budget of money without a price, and as `searchModels`. */
async function searchHere(given: SearchArguments): Promise<Searched> {
  const { trials, minutes, usd, usdPerHour, seed } = given;
  if (usd !== undefined && !usdPerHour)
    throw new PlimsollError(
      'USAGE',
      `the budget is ${usd} USD, and an hour of this machine has no price`,
      'name it with --usd-per-hour, or leave --usd out',
    );
  return underProgress('Searching', (told) =>
    searchModels({
      directory: directoryOf(given),
      tables: given.table.map((table) => resolve(table)),
      ...{ trials, minutes, seed, hyperparameters: given.set },
      ...(usd === undefined ? {} : { usd }),
      ...(usdPerHour === undefined ? {} : { usdPerHour }),
      ...told,
      environment: process.env,
    }),
  );
}

/** Shows how far a job is, and lets Ctrl-C end it. */
async function underProgress<Result>(
  what: string,
  job: (told: Pick<ModelSearch, 'onProgress' | 'signal'>) => Promise<Result>,
): Promise<Result> {
  const progress = progressLine(what);
  const stopping = new AbortController();
  const stop = (): void => stopping.abort();
  process.once('SIGINT', stop);
  return job({ onProgress: ({ step, of }) => progress(step, of), signal: stopping.signal }).finally(() => {
    progress.end();
    process.removeListener('SIGINT', stop);
  });
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
