/** What a walk forward with trainings takes, said before it begins. */
import { formatInstant } from '../../../core/market/civil.ts';
import type { ModelRecipe } from '../../../platform/research/model-recipe.ts';
import type { PlannedWindow } from '../../../platform/research/retrained-walk.ts';

interface Stated {
  readonly recipe: ModelRecipe;
  readonly hyperparameters: Readonly<Record<string, string | number | boolean>>;
  /** Ms that one training may take. */
  readonly withinMs: number;
}

/** What decides how long a training of as many rows takes. */
const OF_TIME = ['members', 'folds', 'hyperparameters', 'threads'];

export function statementOf(planned: readonly PlannedWindow[], stated: Stated): string[] {
  const left = planned.filter(({ version }) => version === undefined);
  const rows = planned.map((each) => each.rows);
  const { recipe } = stated;
  return [
    said(
      'Retraining',
      `${planned.length} windows of ${recipe.from}: ${left.length} to train, ${planned.length - left.length} trained before`,
    ),
    said(
      'Learned from',
      `${Math.min(...rows)} to ${Math.max(...rows)} rows, known by ${formatInstant(planned[0].until)} for the first and ${formatInstant(planned[planned.length - 1].until)} for the last`,
    ),
    ...(left.length === 0 ? [] : [said('Time', timeText(left, stated)), ...costText(left, stated)]),
    said('Kept', 'apart from the models that decide: none of these versions can be promoted'),
  ];
}

const said = (name: string, text: string): string => `${name.padEnd(13)} ${text}`;

/** By the rows that the version itself was trained on, where it was trained in the same way. Undefined where it was not. */
function secondsOf(left: readonly PlannedWindow[], { recipe, hyperparameters }: Stated): number | undefined {
  const { trained } = recipe;
  const isAlike = OF_TIME.every((name) => hyperparameters[name] === recipe.hyperparameters[name]);
  if (trained === undefined || !isAlike) return undefined;
  return left.reduce((sum, { rows }) => sum + (rows / trained.rows) * trained.seconds, 0);
}

function timeText(left: readonly PlannedWindow[], stated: Stated): string {
  const seconds = secondsOf(left, stated);
  const most = `at most ${stated.withinMs / 60_000} min each (--within)`;
  if (seconds === undefined) return `not known before the first training is over; ${most}`;
  const { rows, seconds: took } = stated.recipe.trained!;
  return `about ${durationText(seconds)} in all, as its ${rows} rows took ${durationText(took)} where it was trained; ${most}`;
}

/** Where an hour has a price. */
function costText(left: readonly PlannedWindow[], stated: Stated): string[] {
  const usdPerHour = Number(stated.hyperparameters.usd_per_hour ?? 0);
  if (!(usdPerHour > 0)) return [];
  const usd = (seconds: number): string => `${((seconds / 3_600) * usdPerHour).toFixed(2)} USD`;
  const seconds = secondsOf(left, stated);
  const about = seconds === undefined ? '' : `about ${usd(seconds)}, `;
  return [said('Cost', `${about}at most ${usd((left.length * stated.withinMs) / 1_000)} at ${usdPerHour} USD an hour`)];
}

const durationText = (seconds: number): string =>
  seconds < 120 ? `${Math.ceil(seconds)} s` : `${Math.ceil(seconds / 60)} min`;
