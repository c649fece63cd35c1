/** A walk forward that trains anew: what it takes is said before it begins, and a walk that was broken off goes on where it was. */
import { PlimsollError } from '../../core/errors.ts';
import type { Timeframe } from '../../core/market/timeframe.ts';
import { LEAST_PARITY_ROWS } from '../../core/models/parity.ts';
import type { Learning } from '../../core/research/walk-forward/learning.ts';
import type { AccountWith, RetrainedWalk, RetrainedWindow } from '../../core/research/walk-forward/retrained.ts';
import type { Training } from '../models/training.ts';
import type { PlannedTraining, WindowModels } from './window-models.ts';

/** Trainings that one walk may ask for, whatever is allowed. */
export const MOST_TRAININGS = 1_000;

export interface WalkRequest {
  readonly walk: RetrainedWalk;
  readonly models: WindowModels;
  readonly timeframe: Timeframe;
  readonly features: readonly string[];
  readonly label: Parameters<WindowModels['plan']>[1]['label'];
  readonly symbol: string;
  /** The file of the bars, for the card of each version. */
  readonly source: { readonly file: string; readonly provenance: string };
  /** Windows, each a training, that are allowed. */
  readonly mostTrainings: number;
}

export interface PlannedWindow extends PlannedTraining, Pick<Learning, 'span' | 'upShare' | 'leftOut'> {}

/**
 * Writes the tables of all windows and looks up which were trained on before. Nothing is trained. Throws `RESEARCH_TOO_MUCH` above
 * `mostTrainings`, before anything is written,
 * `RESEARCH_HISTORY_SHORT` where a window has too few rows, and as tables do.
 */
export async function planWalk(request: WalkRequest): Promise<readonly PlannedWindow[]> {
  const { walk, models, timeframe, features, label, symbol, source, mostTrainings } = request;
  assertTrainings(walk.windows.length, mostTrainings);
  const planned: PlannedWindow[] = [];
  for (const k of walk.windows.keys()) {
    const { rows, ...learning } = walk.learning(k, timeframe);
    assertRows(rows.label.length, k);
    // Of the bars up to the window alone: bars that are added to the file later change nothing of it.
    const sources = [{ ...source, sha256: learning.barsHash }];
    const description = { features, label, timeframe, symbols: [symbol], sources };
    const training = await models.plan({ rows, ...learning }, description);
    const { span, upShare, leftOut } = learning;
    planned.push({ ...training, span, upShare, leftOut });
  }
  return planned;
}

/** A window that was walked, and what its model learned from. */
export interface WalkedWindow extends RetrainedWindow {
  readonly learned: Pick<PlannedWindow, 'span' | 'rows' | 'leftOut' | 'upShare'>;
  /** Whether its version was there from before. */
  readonly wasThere: boolean;
  /** That its training took now; 0 where the version was there. */
  readonly seconds: number;
}

export interface WalkTold {
  /** Trainings that are over, with parts of the one at work, of those that are to be made. */
  readonly onProgress?: (done: number, of: number) => void;
  /** A window is over. */
  readonly onWindow?: (window: WalkedWindow, k: number) => void;
  readonly signal?: AbortSignal;
  /** ms, of any clock that only goes on. */
  readonly clock: () => number;
}

/** Trains what is to be trained, window by window, and trades each with what was learned. Throws as `WindowModels.made` and `RetrainedWalk.test`. */
export async function walkRetrained(
  { walk, models }: Pick<WalkRequest, 'walk' | 'models'>,
  planned: readonly PlannedWindow[],
  accountWith: AccountWith,
  { onProgress, onWindow, signal, clock }: WalkTold,
): Promise<readonly WalkedWindow[]> {
  const toTrain = planned.filter(({ version }) => version === undefined).length;
  const walked: WalkedWindow[] = [];
  let trained = 0;
  for (const [k, plan] of planned.entries()) {
    const told: Pick<Training, 'onProgress' | 'signal'> = {
      onProgress: ({ step, of }) => onProgress?.(trained + step / Math.max(1, of), toTrain),
      ...(signal ? { signal } : {}),
    };
    const begun = clock();
    const model = await models.made(plan, told);
    const wasThere = plan.version !== undefined;
    const seconds = wasThere ? 0 : (clock() - begun) / 1_000;
    if (!wasThere) onProgress?.(++trained, toTrain);
    const { span, rows, leftOut, upShare } = plan;
    const learned = { span, rows, leftOut, upShare };
    const window = { ...walk.test(k, model, plan, accountWith), learned, wasThere, seconds };
    onWindow?.(window, k);
    walked.push(window);
  }
  return walked;
}

/** The gate compares as many rows with the libraries before a version is traded with: fewer are refused now and not after a training. */
function assertRows(count: number, k: number): void {
  if (count >= LEAST_PARITY_ROWS) return;
  throw new PlimsollError(
    'RESEARCH_HISTORY_SHORT',
    `the model of window ${k + 1} has ${count} rows to learn from, and ${LEAST_PARITY_ROWS} are needed`,
    'make the training windows longer, or take a label that more bars have',
    { kept: 'nothing was trained' },
  );
}

function assertTrainings(count: number, most: number): void {
  if (!(Number.isInteger(most) && most >= 1 && most <= MOST_TRAININGS))
    throw new PlimsollError('USAGE', `${most} trainings are allowed`, `allow 1 to ${MOST_TRAININGS}`);
  if (count <= most) return;
  throw new PlimsollError(
    'RESEARCH_TOO_MUCH',
    `${count} windows are ${count} trainings, and ${most} are allowed`,
    'make the test windows longer, or allow more with --most-trainings',
    { kept: 'nothing was trained' },
  );
}
