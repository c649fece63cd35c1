/**
 * What becomes of a model without anybody's hand: it is watched, trained anew where there is a reason, its challenger is watched beside
 * it, then decides over a share of the capital, and is promoted or rejected by evidence; and a champion that proves worse than the one
 * before, or that cannot answer, is rolled back from. Here is only what follows from what: state is a fold over transitions, and the
 * next transition follows from the state, what was observed, and the limits that a person set. Whoever holds bars and registries
 * observes, writes the transition down, and does what it says.
 */
import * as z from 'zod';
import { PlimsollError } from '../../errors.ts';
import { neededEvidence } from './evidence.ts';
import { daysToMs, type LifecycleLimits, WEEK_MS } from './limits.ts';

const time = z.int().min(0);
const version = z.string().regex(/^[0-9a-f]{16}$/);
const training = z.string().regex(/^[a-z0-9][a-z0-9-]{0,99}$/);

/** Why a model is trained anew. */
export const TRIGGERS = ['drift', 'decay', 'schedule', 'new-data', 'refusal'] as const;

const said = {
  /** Close of the bar at which it was decided, ms UTC. */
  at: time,
  reason: z.string().min(1).max(1_000),
  /** What it rests on. */
  figures: z.record(z.string().max(60), z.number()),
};
export const transitionSchema = z.discriminatedUnion('kind', [
  /** A version decides that no transition put there: the first one, or one that a person promoted. */
  z.strictObject({ kind: z.literal('champion-seen'), version, former: version.optional(), ...said }),
  /** Something is wrong since a time, and there is not yet enough of what came after it to learn from. */
  z.strictObject({ kind: z.literal('flagged'), trigger: z.enum(TRIGGERS), since: time, ...said }),
  /** `since`: what is learned from begins there, where only what is new counts. */
  z.strictObject({
    kind: z.literal('queued'),
    training,
    trigger: z.enum(TRIGGERS),
    since: time.optional(),
    ...said,
  }),
  z.strictObject({ kind: z.literal('training-started'), training, ...said }),
  z.strictObject({ kind: z.literal('training-failed'), training, ...said }),
  z.strictObject({ kind: z.literal('shadow-started'), version, ...said }),
  z.strictObject({ kind: z.literal('trial-started'), version, share: z.number().min(0).max(1), ...said }),
  z.strictObject({ kind: z.literal('share-changed'), share: z.number().min(0).max(1), ...said }),
  /** `instead` decided before. */
  z.strictObject({ kind: z.literal('promoted'), version, instead: version, ...said }),
  z.strictObject({ kind: z.literal('rejected'), version, ...said }),
  z.strictObject({ kind: z.literal('rolled-back'), version, instead: version, ...said }),
]);
export type Transition = z.infer<typeof transitionSchema>;

export const stageSchema = z.discriminatedUnion('name', [
  z.strictObject({ name: z.literal('observing') }),
  z.strictObject({ name: z.enum(['queued', 'training']), training }),
  z.strictObject({ name: z.literal('shadow'), version, since: time }),
  z.strictObject({ name: z.literal('trial'), version, since: time, share: z.number().min(0).max(1) }),
]);
/** How far the way to another champion has come; `since` is ms UTC. */
export type Stage = z.infer<typeof stageSchema>;

export const lifecycleSchema = z.strictObject({
  stage: stageSchema,
  champion: version.optional(),
  /** ms UTC. */
  championSince: time,
  /** The champion before, which is watched beside it and may be rolled back to. */
  former: version.optional(),
  flagged: z.strictObject({ trigger: z.enum(TRIGGERS), since: time }).optional(),
  /** When trainings were queued in the seven days before the latest one, ms UTC. */
  trainings: z.array(time),
  /** Challengers that were watched beside this champion. */
  challengers: z.int().min(0),
  /** When the latest of them was queued to be trained, ms UTC: it has learned what there was. */
  learnedTo: time.optional(),
});
export type Lifecycle = z.infer<typeof lifecycleSchema>;

/** A list of transitions that begins anew says what those before came to. */
const entrySchema = z.union([transitionSchema, z.strictObject({ kind: z.literal('carried'), state: lifecycleSchema })]);
export type LifecycleEntry = z.infer<typeof entrySchema>;

/** Throws `MODEL_LIFECYCLE_DAMAGED`. */
export function lifecycleEntryIn(text: string): LifecycleEntry {
  try {
    return entrySchema.parse(JSON.parse(text));
  } catch {
    throw new PlimsollError(
      'MODEL_LIFECYCLE_DAMAGED',
      'a transition of a model’s lifecycle cannot be read',
      'restore it from a backup; until then the model is not watched',
    );
  }
}

export const NEW_LIFECYCLE: Lifecycle = {
  stage: { name: 'observing' },
  championSince: 0,
  trainings: [],
  challengers: 0,
};

const OBSERVING: Stage = { name: 'observing' };

export function lifecycleAfter(state: Lifecycle, transition: LifecycleEntry): Lifecycle {
  if (transition.kind === 'carried') return transition.state;
  const { at } = transition;
  switch (transition.kind) {
    case 'champion-seen':
      return reigning(state, transition.version, at, transition.former);
    case 'flagged':
      return { ...state, flagged: { trigger: transition.trigger, since: transition.since } };
    case 'queued': {
      const trainings = [...state.trainings.filter((queued) => queued > at - WEEK_MS), at];
      return { ...state, trainings, stage: { name: 'queued', training: transition.training } };
    }
    case 'training-started':
      return { ...state, stage: { name: 'training', training: transition.training } };
    case 'training-failed':
      return { ...state, stage: OBSERVING };
    case 'shadow-started': {
      const stage = { name: 'shadow', version: transition.version, since: at } as const;
      return { ...state, stage, challengers: state.challengers + 1, learnedTo: state.trainings.at(-1) ?? at };
    }
    case 'trial-started':
      return { ...state, stage: { name: 'trial', version: transition.version, since: at, share: transition.share } };
    case 'share-changed':
      return state.stage.name === 'trial' ? { ...state, stage: { ...state.stage, share: transition.share } } : state;
    case 'promoted':
      return reigning(state, transition.version, at, state.champion);
    case 'rejected':
      return { ...state, stage: OBSERVING };
    case 'rolled-back':
      return reigning(state, transition.version, at, undefined);
  }
}

/** A challenger beside another champion begins anew; a training that waits or runs goes on. */
function reigning(state: Lifecycle, champion: string, at: number, former: string | undefined): Lifecycle {
  const { stage, trainings } = state;
  const isWatched = (stage.name === 'shadow' || stage.name === 'trial') && stage.version !== champion;
  const next: Stage = isWatched
    ? { name: 'shadow', version: stage.version, since: at }
    : stage.name === 'queued' || stage.name === 'training'
      ? stage
      : OBSERVING;
  const challengers = isWatched ? 1 : 0;
  return { stage: next, champion, championSince: at, trainings, challengers, ...(former ? { former } : {}) };
}

/** By version: which share of the capital its opinions decide over. */
export function sharesOf({ stage, champion }: Lifecycle): ReadonlyMap<string, number> {
  if (champion === undefined) return new Map();
  if (stage.name !== 'trial') return new Map([[champion, 1]]);
  return new Map([
    [champion, 1 - stage.share],
    [stage.version, stage.share],
  ]);
}

/** How two versions compare in outcomes since a time: evidence as in `ScoreEvidence`, ln of e-values. */
export interface Comparison {
  readonly outcomes: number;
  /** That the one that is not champion is better, or worse. */
  readonly better: number;
  readonly worse: number;
  /** Rows that the one that is not champion could not answer. */
  readonly refused: number;
}

/** What was seen by the close of a bar. */
export interface Observation {
  /** That close, ms UTC. */
  readonly at: number;
  /** The version that decides by the registry, and the one before that may be rolled back to. */
  readonly champion: string;
  readonly formerChampion?: string;
  /** Rows that it could not answer since it decides. */
  readonly refused: number;
  readonly drift?: { readonly since: number; readonly reason: string; readonly figures: Record<string, number> };
  readonly decay?: { readonly since: number; readonly reason: string; readonly figures: Record<string, number> };
  /** End of what the champion was trained on, ms UTC. */
  readonly trainedTo: number;
  /** The bars that closed after a time. */
  readonly barsSince: (time: number) => number;
  /** Where the stage waits for a training. */
  readonly training?:
    | { readonly status: 'pending' | 'running' }
    | { readonly status: 'finished'; readonly version: string }
    | { readonly status: 'failed'; readonly reason: string };
  /** Since the stage began, where it has a challenger. */
  readonly challenger?: Comparison;
  /** Since the champion decides, where there is a former one that may be rolled back to. */
  readonly former?: Comparison;
}

/**
 * What follows next, or undefined where nothing does. Asked again with the state after it, it says what follows then.
 * @param limits those in force now: they may change at any time
 */
export function nextTransition(
  state: Lifecycle,
  observation: Observation,
  limits: LifecycleLimits,
): Transition | undefined {
  if (state.champion !== observation.champion)
    return {
      kind: 'champion-seen',
      version: observation.champion,
      ...(observation.formerChampion === undefined ? {} : { former: observation.formerChampion }),
      at: observation.at,
      reason: 'it decides, and no transition put it there',
      figures: {},
    };
  return rollback(state, observation, limits) ?? stageTransition(state, observation, limits);
}

function rollback(
  { former, champion }: Lifecycle,
  { at, refused, former: comparison }: Observation,
  { rollbackError }: LifecycleLimits,
): Transition | undefined {
  // Without a comparison it is retired, or there is none.
  if (champion === undefined || former === undefined || comparison === undefined) return undefined;
  const to = { kind: 'rolled-back', version: former, instead: champion, at } as const;
  if (refused > 0) return { ...to, reason: `${champion} could not answer`, figures: { refused } };
  if (comparison.refused > 0) return undefined;
  const needed = neededEvidence(rollbackError, 1);
  if (comparison.better < needed) return undefined;
  return {
    ...to,
    reason: `${champion} is worse than ${former}, which it took the place of`,
    figures: { outcomes: comparison.outcomes, evidence: comparison.better, needed },
  };
}

function stageTransition(state: Lifecycle, observation: Observation, limits: LifecycleLimits): Transition | undefined {
  switch (state.stage.name) {
    case 'observing':
      return flag(state, observation) ?? queue(state, observation, limits);
    case 'queued':
    case 'training':
      return trained(state.stage, observation);
    case 'shadow':
      return rejection(state.stage, observation, limits) ?? trial(state, state.stage, observation, limits);
    case 'trial':
      return rejection(state.stage, observation, limits) ?? promotion(state, state.stage, observation, limits);
  }
}

/** Once flagged, nothing is flagged again before another champion decides. */
function flag({ flagged }: Lifecycle, { at, refused, drift, decay }: Observation): Transition | undefined {
  if (flagged !== undefined) return undefined;
  if (refused > 0)
    return {
      kind: 'flagged',
      trigger: 'refusal',
      since: at,
      at,
      reason: 'the champion could not answer',
      figures: { refused },
    };
  if (drift) return { kind: 'flagged', trigger: 'drift', at, ...drift };
  return decay && { kind: 'flagged', trigger: 'decay', at, ...decay };
}

function queue(state: Lifecycle, observation: Observation, limits: LifecycleLimits): Transition | undefined {
  const { at } = observation;
  const lately = state.trainings.filter((queued) => queued > at - WEEK_MS);
  if (lately.length >= limits.mostTrainingsAWeek || lately.at(-1) === at) return undefined;
  const cause = causeOf(state, observation, limits);
  if (cause === undefined) return undefined;
  // The same at the same time: a platform that was killed before it wrote this down queues the same training.
  return { kind: 'queued', training: `${state.champion}-${cause.trigger}-${at}`, at, ...cause };
}

type Cause = Pick<Extract<Transition, { kind: 'queued' }>, 'trigger' | 'since' | 'reason' | 'figures'>;

function causeOf(
  { flagged, learnedTo = 0 }: Lifecycle,
  { at, trainedTo, barsSince }: Observation,
  { leastFreshBars, retrainAfterDays, retrainAfterBars }: LifecycleLimits,
): Cause | undefined {
  if (flagged !== undefined) {
    const { trigger, since } = flagged;
    // What refuses answers is wrong by itself: all bars are as good as ever.
    if (trigger === 'refusal') return { trigger, reason: 'the champion cannot answer', figures: {} };
    // Where a challenger learned from it and was rejected, another one needs as much that is new.
    const bars = barsSince(Math.max(since, learnedTo));
    if (bars < leastFreshBars) return undefined;
    return { trigger, since, reason: `there are ${bars} new bars since the ${trigger} began`, figures: { bars } };
  }
  const age = at - Math.max(trainedTo, learnedTo);
  if (retrainAfterDays !== undefined && age >= daysToMs(retrainAfterDays)) {
    const figures = { days: age / daysToMs(1) };
    return { trigger: 'schedule', reason: `it is trained anew after ${retrainAfterDays} days`, figures };
  }
  const bars = barsSince(Math.max(trainedTo, learnedTo));
  if (retrainAfterBars === undefined || bars < retrainAfterBars) return undefined;
  return { trigger: 'new-data', reason: `there are ${bars} bars that it was not trained on`, figures: { bars } };
}

function trained(
  stage: Extract<Stage, { training: string }>,
  { at, training: seen }: Observation,
): Transition | undefined {
  const { training } = stage;
  switch (seen?.status) {
    case 'running':
      if (stage.name === 'training') return undefined;
      return { kind: 'training-started', training, at, reason: 'a worker took it', figures: {} };
    case 'failed':
      return { kind: 'training-failed', training, at, reason: seen.reason, figures: {} };
    case 'finished':
      return {
        kind: 'shadow-started',
        version: seen.version,
        at,
        reason: `the training ${training} left it`,
        figures: {},
      };
    default:
      return undefined;
  }
}

type Watched = Extract<Stage, { version: string }>;

function rejection(
  { version, since }: Watched,
  { at, champion, challenger, barsSince }: Observation,
  { promotionError, mostStageBars }: LifecycleLimits,
): Transition | undefined {
  const rejected = (reason: string, figures: Record<string, number>): Transition => ({
    kind: 'rejected',
    version,
    at,
    reason,
    figures,
  });
  if (version === champion) return rejected('it is the champion itself: nothing was learned anew', {});
  if (challenger === undefined) return undefined;
  const { refused, worse, outcomes } = challenger;
  if (refused > 0) return rejected('it could not answer', { refused });
  const needed = neededEvidence(promotionError, 1);
  if (worse >= needed) return rejected('it is worse than the champion', { outcomes, evidence: worse, needed });
  const bars = barsSince(since);
  if (bars < mostStageBars) return undefined;
  return rejected(`no evidence that it is better in ${bars} bars`, { outcomes, evidence: challenger.better, bars });
}

function trial(
  { challengers }: Lifecycle,
  { version, since }: Watched,
  { at, challenger, barsSince }: Observation,
  { promotionError, leastShadowBars, firstShare }: LifecycleLimits,
): Transition | undefined {
  const needed = neededEvidence(promotionError, challengers);
  if (challenger === undefined || challenger.better < needed || barsSince(since) < leastShadowBars) return undefined;
  return {
    kind: 'trial-started',
    version,
    share: firstShare,
    at,
    reason: 'it is better than the champion in shadow',
    figures: { outcomes: challenger.outcomes, evidence: challenger.better, needed },
  };
}

/** What was seen in shadow is not counted again: on trial the evidence begins anew. */
function promotion(
  { challengers }: Lifecycle,
  { version, since, share }: Extract<Stage, { name: 'trial' }>,
  { at, champion: instead, challenger, barsSince }: Observation,
  limits: LifecycleLimits,
): Transition | undefined {
  if (challenger === undefined) return undefined;
  const { outcomes, better } = challenger;
  const needed = neededEvidence(limits.promotionError, challengers);
  const figures = { outcomes, evidence: better, needed };
  if (better >= needed && barsSince(since) >= limits.leastTrialBars)
    return { kind: 'promoted', version, instead, at, reason: 'it is better than the champion on trial too', figures };
  const next = shareAt(better / needed, limits);
  if (next === share) return undefined;
  return { kind: 'share-changed', share: next, at, reason: 'the evidence changed', figures };
}

/**
 * From the first share to the most as the evidence goes from none to what is needed, in quarters, so that it does not change with each
 * outcome.
 */
function shareAt(progress: number, { firstShare, mostShare }: LifecycleLimits): number {
  const quarters = Math.floor(4 * Math.min(1, Math.max(0, progress))) / 4;
  return firstShare + (mostShare - firstShare) * quarters;
}
