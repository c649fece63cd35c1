/**
 * Watches a model by itself: what the champion said and what came of it, its inputs, its challenger, and what follows from that.
 * Everything is computed again from the bars and the registry; what is kept are the transitions, each written before what it says is
 * done, so that a platform that is killed anywhere does the rest when it comes again.
 */
import { type LifecycleList, lifecycleList } from '../../adapters/models/monitoring/lifecycle-list.ts';
import type { ModelRegistry, ModelVersion } from '../../adapters/models/registry.ts';
import type { TrainingQueueStore } from '../../adapters/models/training-queue.ts';
import { PlimsollError } from '../../core/errors.ts';
import { canonicalJson } from '../../core/json.ts';
import type { BarColumns } from '../../core/market/bars.ts';
import { timeframeMs } from '../../core/market/timeframe.ts';
import { featureSet } from '../../core/models/features/feature-set.ts';
import type { Standing } from '../../core/models/history.ts';
import { type InputReference, inputDistance, inputReference } from '../../core/models/monitoring/anomaly.ts';
import { type Calibration, calibrationOf } from '../../core/models/monitoring/calibration.ts';
import { comparisonOf, refusedSince } from '../../core/models/monitoring/comparison.ts';
import {
  type Decay,
  type DecayOptions,
  decayOf,
  type EdgeLevel,
  edgeLevel,
  gainsOf,
} from '../../core/models/monitoring/decay.ts';
import {
  type DriftOptions,
  type DriftReference,
  driftOf,
  driftReference,
  type FeatureDrift,
  firstDrift,
} from '../../core/models/monitoring/drift.ts';
import {
  type Comparison,
  type Lifecycle,
  nextTransition,
  type Observation,
  type Transition,
} from '../../core/models/monitoring/lifecycle.ts';
import type { LifecycleLimits } from '../../core/models/monitoring/limits.ts';
import {
  type Judge,
  type PredictionLog,
  predictionLog,
  spacedRows,
} from '../../core/models/monitoring/prediction-log.ts';
import { rowsBetween } from '../../core/models/monitoring/trained-rows.ts';
import type { ObjectStore } from '../../core/ports/object-store.ts';

/** Who is said to have done what follows from evidence. */
export const WATCH = 'the watch';
/** Transitions of one look. */
const MOST_TRANSITIONS = 10;
/** Outcomes since its training that say what edge a version has, before it is watched for decay. */
const LEVEL_OUTCOMES = 200;
/** Versions whose rows and references are kept at hand. */
const MOST_AT_HAND = 8;

export interface WatchParts {
  /** Of the model, as the registry knows it. */
  readonly name: string;
  readonly registry: ModelRegistry;
  /** Where the registry and the queue are too. */
  readonly objects: ObjectStore;
  readonly queue: TrainingQueueStore;
  readonly limits: LifecycleLimits;
  readonly drift?: DriftOptions;
  readonly decay?: DecayOptions;
}

/** Closed bars of the instrument that the model decides on, from before its training on. */
export interface WatchedBars {
  readonly symbol: string;
  readonly bars: BarColumns;
  /** ms UTC. */
  readonly now: number;
}

/** How a champion does: of rows that it was not trained on. */
export interface ChampionFigures {
  readonly version: string;
  readonly rows: number;
  readonly outcomes: number;
  /** Rows that it could not answer. */
  readonly refused: number;
  readonly calibration?: Calibration;
  /** Of the latest window, the feature that strays furthest first, and what counts as beyond. */
  readonly drift?: { readonly features: readonly FeatureDrift[]; readonly limit: number };
  readonly decay?: Decay;
  /** Share of the rows that are unlike those that it was trained on. */
  readonly unlike?: number;
}

/** A version with what is kept of it between looks. */
interface AtHand {
  readonly version: ModelVersion;
  /** Undefined where it could not be loaded. */
  readonly judge: Judge | undefined;
  readonly intervalMs: number;
  readonly trainedTo: number;
  log?: PredictionLog;
  reference?: Reference;
  level?: EdgeLevel;
  /** Rows that were looked at for drift. */
  looked: number;
}

interface Reference {
  readonly drift: DriftReference;
  readonly inputs: InputReference;
  /** Share of rises among the rows that it was trained on. */
  readonly baseline: number;
}

export class ModelWatch {
  readonly #parts: WatchParts;
  readonly #list: LifecycleList;
  readonly #atHand = new Map<string, AtHand>();

  constructor(parts: WatchParts) {
    this.#parts = parts;
    this.#list = lifecycleList(parts.objects, parts.name);
  }

  state(): Promise<Lifecycle> {
    return this.#list.state();
  }

  /**
   * Looks at the bars, and does what follows: queues a training, begins to watch its version, changes its share, promotes, rejects or
   * rolls back. Returns the transitions, none where nothing follows or no version decides yet. Throws as registry, queue and monitoring
   * do; what was written before stays, and the rest is done at the next look.
   */
  async look(watched: WatchedBars): Promise<Transition[]> {
    const done: Transition[] = [];
    while (done.length < MOST_TRANSITIONS) {
      const state = await this.#carriedOut(watched.now);
      const { versions, champion, former } = await this.#parts.registry.standing(this.#parts.name);
      if (champion === undefined) break;
      const standing = { versions, champion, former };
      const observation = await this.#observation(state, standing, watched);
      const next = nextTransition(state, observation, this.#parts.limits);
      // Another watch may have been faster: then nothing of this look counts.
      const isStill = (now: Lifecycle): boolean => canonicalJson(now) === canonicalJson(state);
      const written = next && (await this.#list.append((now) => (isStill(now) ? next : undefined)));
      if (written === undefined) break;
      done.push(written);
    }
    if (done.length > 0) await this.#carriedOut(watched.now);
    return done;
  }

  /** How the champion does. Throws `MODEL_UNKNOWN`, and as {@link look}. */
  async figures(watched: WatchedBars): Promise<ChampionFigures> {
    const version = await this.#parts.registry.version(this.#parts.name);
    const own = await this.#hand(version.version);
    const log = this.#logOf(own, watched);
    if (log === undefined) return { version: version.version, rows: 0, outcomes: 0, refused: 0 };
    const reference = this.#referenceOf(own, watched);
    const places = Array.from(log.known.keys()).filter((k) => log.outcome[k] >= 0 && log.up[k] >= 0);
    const column = (values: Float64Array): Float64Array => Float64Array.from(places, (k) => values[k]);
    const { windowRows } = reference.drift.settings;
    const rows = log.known.length;
    const latest = log.features.map((values) => values.subarray(rows - windowRows));
    const decay = this.#decayOf(own, log, reference)?.decay;
    return {
      version: version.version,
      rows,
      outcomes: places.length,
      refused: log.refused,
      ...(places.length > 0 ? { calibration: calibrationOf(column(log.up), column(log.outcome)) } : {}),
      ...(rows >= windowRows
        ? { drift: { features: driftOf(reference.drift, latest), limit: reference.drift.limit } }
        : {}),
      ...(decay ? { decay } : {}),
      ...(rows > 0 ? { unlike: unlikeShare(reference.inputs, log) } : {}),
    };
  }

  /** The state, once what the transitions say has been done. Doing it twice changes nothing. */
  async #carriedOut(now: number): Promise<Lifecycle> {
    const state = await this.#list.state();
    const entries = await this.#list.entries();
    const deed = entries.findLast((entry) => entry.kind === 'promoted' || entry.kind === 'rolled-back');
    if (deed) await this.#act(deed as Deed);
    if (state.stage.name === 'queued') {
      const { training } = state.stage;
      const asked = entries.findLast((entry) => entry.kind === 'queued' && entry.training === training);
      if (asked?.kind === 'queued') await this.#ask(asked, now);
    }
    return state;
  }

  /** Unless it was done, or a person chose another champion or retired this version meanwhile. */
  async #act({ kind, version, instead, at, reason }: Deed): Promise<void> {
    const { registry, name } = this.#parts;
    const history = await registry.history(name);
    const isDone = history.some(
      (entry) => entry.by === WATCH && entry.action === kind && entry.version === version && entry.at === at,
    );
    const { champion, versions, former } = await registry.standing(name);
    const isAllowed = kind === 'promoted' ? versions.get(version) !== 'retired' : former.includes(version);
    if (isDone || champion !== instead || !isAllowed) return;
    await registry.act(name, kind, version, { at, by: WATCH, reason });
  }

  async #ask({ training, trigger, since, at, reason }: Extract<Transition, { kind: 'queued' }>, now: number) {
    const { queue, name } = this.#parts;
    const from = since === undefined ? {} : { from: since };
    await queue.ask({ id: training, model: name, trigger, reason, to: at, ...from }, now);
  }

  async #observation(
    state: Lifecycle,
    standing: Standing & { readonly champion: string },
    watched: WatchedBars,
  ): Promise<Observation> {
    const { bars } = watched;
    const champion = await this.#hand(standing.champion);
    const { intervalMs, trainedTo } = champion;
    const log = this.#logOf(champion, watched);
    const { timestamp, length } = bars;
    const compared = (version: string | undefined, since: number) =>
      this.#comparison(log, champion, version, since, watched);
    const { stage, former } = state;
    const challenger = stage.name === 'shadow' || stage.name === 'trial' ? stage.version : undefined;
    const since = challenger === undefined ? 0 : (stage as { since: number }).since;
    const mayReturn = former !== undefined && standing.former.includes(former) ? former : undefined;
    const training = await this.#training(state, standing);
    const [better, before] = [await compared(challenger, since), await compared(mayReturn, state.championSince)];
    const formerChampion = standing.former.at(-1);
    return {
      at: timestamp[length - 1] + intervalMs,
      champion: standing.champion,
      ...(formerChampion === undefined ? {} : { formerChampion }),
      refused: log === undefined ? 1 : refusedSince(log, state.championSince),
      trainedTo,
      barsSince: (time) => barsAfter(timestamp, intervalMs, time),
      ...(training ? { training } : {}),
      ...(better ? { challenger: better } : {}),
      ...(before ? { former: before } : {}),
      ...(stage.name === 'observing' && state.flagged === undefined && log ? this.#wrong(champion, log, watched) : {}),
    };
  }

  async #training({ stage }: Lifecycle, { versions }: Standing): Promise<Observation['training']> {
    if (stage.name !== 'queued' && stage.name !== 'training') return undefined;
    const training = await this.#parts.queue.training(stage.training);
    if (training === undefined) return { status: 'failed', reason: 'the queue no longer tells of it' };
    const { status, version, failure = 'it failed' } = training;
    if (status === 'failed') return { status, reason: failure };
    if (status !== 'finished' || version === undefined) return { status: status === 'running' ? status : 'pending' };
    return versions.get(version) === 'retired'
      ? { status: 'failed', reason: `it left ${version} again, which is retired` }
      : { status, version };
  }

  async #comparison(
    log: PredictionLog | undefined,
    champion: AtHand,
    version: string | undefined,
    since: number,
    watched: WatchedBars,
  ): Promise<Comparison | undefined> {
    if (version === undefined) return undefined;
    const other = await this.#hand(version);
    const otherLog = this.#logOf(other, watched);
    if (otherLog === undefined) return { outcomes: 0, better: 0, worse: 0, refused: 1 };
    const isSameLabel = canonicalJson(other.version.manifest.label) === canonicalJson(champion.version.manifest.label);
    if (log === undefined || !isSameLabel)
      return { outcomes: 0, better: 0, worse: 0, refused: refusedSince(otherLog, since) };
    return comparisonOf(log, otherLog, since);
  }

  #wrong(champion: AtHand, log: PredictionLog, watched: WatchedBars): Pick<Observation, 'drift' | 'decay'> {
    const reference = this.#referenceOf(champion, watched);
    const drift = firstDrift(reference.drift, log.features, champion.looked);
    if (drift === undefined) champion.looked = log.known.length;
    const decay = this.#decayOf(champion, log, reference);
    return {
      ...(drift
        ? {
            drift: {
              since: log.known[drift.sinceRow],
              reason: `${drift.feature} is not what it was when the model was trained`,
              figures: { psi: drift.psi, distance: drift.distance, ratio: drift.ratio, limit: drift.limit },
            },
          }
        : {}),
      ...(decay?.since === undefined
        ? {}
        : {
            decay: {
              since: decay.since,
              reason: 'its edge over the baseline fell',
              figures: { sum: decay.decay.sum, limit: decay.decay.limit, mean: decay.decay.mean },
            },
          }),
    };
  }

  /** Undefined before there are outcomes that say what edge it has; `since` is ms UTC, where it falls. */
  #decayOf(
    own: AtHand,
    log: PredictionLog,
    { baseline }: Reference,
  ): { readonly decay: Decay; readonly since?: number } | undefined {
    const places = spacedRows(log);
    if (places.length <= LEVEL_OUTCOMES) return undefined;
    const gains = gainsOf(log, places, baseline);
    own.level ??= edgeLevel(gains.subarray(0, LEVEL_OUTCOMES), this.#parts.decay);
    const decay = decayOf(own.level, gains.subarray(LEVEL_OUTCOMES));
    return decay.since === undefined ? { decay } : { decay, since: log.known[places[LEVEL_OUTCOMES + decay.since]] };
  }

  async #hand(version: string): Promise<AtHand> {
    const known = this.#atHand.get(version);
    if (known) return known;
    const { registry, name } = this.#parts;
    const found = await registry.version(name, version);
    const judge = await registry.load(found).catch((error: unknown) => {
      if (error instanceof PlimsollError) return undefined;
      throw error;
    });
    const { to } = found.card.period as { readonly to: number };
    const own: AtHand = {
      version: found,
      judge,
      intervalMs: timeframeMs(found.manifest.timeframe),
      trainedTo: to,
      looked: 0,
    };
    const [oldest] = this.#atHand.keys();
    if (this.#atHand.size >= MOST_AT_HAND) this.#atHand.delete(oldest);
    this.#atHand.set(version, own);
    return own;
  }

  /** Of all rows since its training ended. What it answered before is not asked again. */
  #logOf(own: AtHand, { bars }: WatchedBars): PredictionLog | undefined {
    const { judge, intervalMs, trainedTo, log } = own;
    if (judge === undefined) return undefined;
    own.log = predictionLog(bars, judge, { intervalMs, from: trainedTo + 1, ...(log ? { earlier: log } : {}) });
    return own.log;
  }

  /** What it was trained on, made again from the bars. */
  #referenceOf(own: AtHand, { symbol, bars }: WatchedBars): Reference {
    if (own.reference) return own.reference;
    const { features: names, label } = own.version.manifest;
    const period = own.version.card.period as { readonly from: number; readonly to: number };
    const rows = rowsBetween(bars, { set: featureSet(names), label, symbol, intervalMs: own.intervalMs }, period);
    const rises = rows.label.reduce((sum, value) => sum + value, 0);
    own.reference = {
      drift: driftReference(names, rows.features, this.#parts.drift),
      inputs: inputReference(names, rows.features),
      baseline: rises / rows.label.length,
    };
    return own.reference;
  }
}

type Deed = Extract<Transition, { kind: 'promoted' | 'rolled-back' }>;

/** Bars that closed after a time. */
function barsAfter(timestamp: Float64Array, intervalMs: number, time: number): number {
  let first = timestamp.length;
  while (first > 0 && timestamp[first - 1] + intervalMs > time) first--;
  return timestamp.length - first;
}

function unlikeShare(reference: InputReference, { features, known }: PredictionLog): number {
  let unlike = 0;
  const row = new Float64Array(features.length);
  for (let k = 0; k < known.length; k++) {
    features.forEach((column, f) => {
      row[f] = column[k];
    });
    if (inputDistance(reference, row).isUnlike) unlike++;
  }
  return unlike / known.length;
}
