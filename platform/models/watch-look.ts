/** One look at a model, and what is told of it afterwards. */
import { formatInstant } from '../../core/market/civil.ts';
import type { Lifecycle, Transition } from '../../core/models/monitoring/lifecycle.ts';
import { sightingOf as toldOf } from '../../core/models/monitoring/look.ts';
import type { Sighting } from '../../core/models/monitoring/sighting.ts';
import { rounded } from '../../operations/models/rounded.ts';
import { sentenceOf } from '../log.ts';
import type { ChampionFigures, ModelWatch, WatchedBars } from './model-watch.ts';

/** Characters of a problem that are kept. */
const MOST_TOLD = 2_000;

export interface Look {
  readonly transitions: readonly Transition[];
  readonly state: Lifecycle;
  readonly figures: ChampionFigures;
}

/** Throws as {@link ModelWatch.look} does. */
export async function lookAt(watch: ModelWatch, watched: WatchedBars): Promise<Look> {
  const transitions = await watch.look(watched);
  return { transitions, state: await watch.state(), figures: await watch.figures(watched) };
}

/** A transition in a line: `flagged: its edge over the baseline fell (sum 12.1, limit 9.3)`. */
export function transitionText({ kind, reason, figures }: Transition): string {
  const said = Object.entries(figures).map(([name, value]) => `${name} ${rounded(value)}`);
  return `${kind}: ${reason}${said.length > 0 ? ` (${said.join(', ')})` : ''}`;
}

/** What is kept of a look. Times are ms UTC. */
export function sightingOf(
  model: string,
  { state, figures }: Look,
  { bars, now }: WatchedBars,
  intervalMs: number,
): Sighting {
  const { waiting } = figures;
  const at = bars.timestamp[bars.length - 1] + intervalMs;
  const sighting = toldOf(model, { at, state, figures }, now);
  if (waiting === undefined || sighting.figures === undefined) return sighting;
  return { ...sighting, problem: waitingText(waiting), figures: { ...sighting.figures, waiting: waiting.rows } };
}

/** Of rows without an answer, a sentence. */
export const waitingText = ({ rows, why }: NonNullable<ChampionFigures['waiting']>): string =>
  `${rows} ${rows === 1 ? 'row waits' : 'rows wait'} for an answer: ${why}`.slice(0, MOST_TOLD);

/** What is kept of a look that failed: what the one before had found, and why. */
export const failedSighting = (model: string, before: Sighting | undefined, error: unknown, now: number): Sighting => {
  const { nextLookAt: _, ...found } = before ?? { model };
  return { ...found, model, lookedAt: now, problem: sentenceOf(error).slice(0, MOST_TOLD) };
};

/** A transition with its time, for a terminal. */
export const datedTransition = (transition: Transition): string =>
  `${formatInstant(transition.at)}  ${transitionText(transition)}`;
