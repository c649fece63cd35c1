/**
 * Watches a model by itself: what the champion said and what came of it, its inputs, its challenger, and what follows from that.
 * Everything is computed again from the bars and the registry; what is kept are the transitions, each written before what it says is
 * done, so that a platform that is killed anywhere does the rest when it comes again.
 */
import { KeptAnswers } from '../../adapters/models/monitoring/kept-answers.ts';
import { type LifecycleList, lifecycleList } from '../../adapters/models/monitoring/lifecycle-list.ts';
import type { ModelRegistry, ModelVersion } from '../../adapters/models/registry.ts';
import type { TrainingQueueStore } from '../../adapters/models/training-queue.ts';
import { PlimsollError } from '../../core/errors.ts';
import { canonicalJson } from '../../core/json.ts';
import type { BarColumns } from '../../core/market/bars.ts';
import { formatInstant } from '../../core/market/civil.ts';
import { timeframeMs } from '../../core/market/timeframe.ts';
import { isNative } from '../../core/models/answers.ts';
import { featureSet } from '../../core/models/features/feature-set.ts';
import type { Standing } from '../../core/models/history.ts';
import {
  championFigures,
  type Edge,
  edgeOf,
  type ChampionFigures as FiguresOfRows,
  type TrainedReference,
  trainedReference,
  wrongWith,
} from '../../core/models/monitoring/champion.ts';
import { comparisonOf, refusedSince } from '../../core/models/monitoring/comparison.ts';
import type { DecayOptions, EdgeLevel } from '../../core/models/monitoring/decay.ts';
import type { DriftOptions } from '../../core/models/monitoring/drift.ts';
import {
  type Comparison,
  type Lifecycle,
  nextTransition,
  type Observation,
  type Transition,
} from '../../core/models/monitoring/lifecycle.ts';
import type { LifecycleLimits } from '../../core/models/monitoring/limits.ts';
import { closedAfter } from '../../core/models/monitoring/look.ts';
import { type Judge, type PredictionLog, predictionLog } from '../../core/models/monitoring/prediction-log.ts';
import { observedTraining } from '../../core/models/monitoring/training-queue.ts';
import type { AskModel } from '../../core/ports/model-server.ts';
import type { ObjectStore } from '../../core/ports/object-store.ts';
import { VersionAnswers } from './version-answers.ts';

/** Who is said to have done what follows from evidence. */
export const WATCH = 'the watch';
/** Transitions of one look. */
const MOST_TRANSITIONS = 10;
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
  /** Answers for versions that the platform does not evaluate itself; without it nothing new is known of what they say. */
  readonly ask?: AskModel;
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
export interface ChampionFigures extends FiguresOfRows {
  /** Rows that nobody has answered yet, of a version that is asked elsewhere, and in a sentence why. Absent where there are none. */
  readonly waiting?: { readonly rows: number; readonly why: string };
}

/** A version with what is kept of it between looks. */
interface AtHand {
  readonly version: ModelVersion;
  /** Undefined where it could not be loaded. */
  readonly judge: Judge | undefined;
  /** Where the judge answers from, of a version that is asked elsewhere. */
  readonly answers: VersionAnswers | undefined;
  readonly intervalMs: number;
  readonly trainedTo: number;
  log?: PredictionLog;
  /** The bars of that log: about the same ones nobody is asked twice. */
  logged?: BarColumns;
  /** Why rows of the log wait for an answer. */
  waitsFor?: string;
  reference?: TrainedReference;
  level?: EdgeLevel;
  /** Rows that were looked at for drift. */
  looked: number;
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
   * rolls back. Returns the transitions, none where nothing follows or no version decides yet. Throws `WATCH_BARS` where the bars do not
   * hold what the champion learned from, and as registry, queue and monitoring do; what was written before stays, and the rest is done at the next look.
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
    const log = await this.#logOf(own, watched);
    if (log === undefined) return { version: version.version, rows: 0, outcomes: 0, refused: 0 };
    const reference = this.#referenceOf(own, watched);
    const figures = championFigures(version.version, log, reference, this.#edgeOf(own, log, reference));
    const rows = log.known.length - log.answered;
    return rows === 0 ? figures : { ...figures, waiting: { rows, why: own.waitsFor ?? 'nobody was asked' } };
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
    const log = await this.#logOf(champion, watched);
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
      barsSince: (time) => closedAfter(bars, intervalMs, time),
      ...(training ? { training } : {}),
      ...(better ? { challenger: better } : {}),
      ...(before ? { former: before } : {}),
      ...(stage.name === 'observing' && state.flagged === undefined && log ? this.#wrong(champion, log, watched) : {}),
    };
  }

  async #training({ stage }: Lifecycle, { versions }: Standing): Promise<Observation['training']> {
    if (stage.name !== 'queued' && stage.name !== 'training') return undefined;
    const training = await this.#parts.queue.training(stage.training);
    return observedTraining(training, (version) => versions.get(version) === 'retired');
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
    const otherLog = await this.#logOf(other, watched);
    if (otherLog === undefined) return { outcomes: 0, better: 0, worse: 0, refused: 1 };
    const isSameLabel = canonicalJson(other.version.manifest.label) === canonicalJson(champion.version.manifest.label);
    if (log === undefined || !isSameLabel)
      return { outcomes: 0, better: 0, worse: 0, refused: refusedSince(otherLog, since) };
    return comparisonOf(log, otherLog, since);
  }

  #wrong(champion: AtHand, log: PredictionLog, watched: WatchedBars): Pick<Observation, 'drift' | 'decay'> {
    const reference = this.#referenceOf(champion, watched);
    const wrong = wrongWith(log, reference, this.#edgeOf(champion, log, reference), champion.looked);
    if (wrong.drift === undefined) champion.looked = log.known.length;
    return wrong;
  }

  /** Undefined before there are outcomes that say what edge it has. */
  #edgeOf(own: AtHand, log: PredictionLog, reference: TrainedReference): Edge | undefined {
    const edge = edgeOf(log, reference, this.#parts.decay, own.level);
    if (edge) own.level = edge.level;
    return edge;
  }

  async #hand(version: string): Promise<AtHand> {
    const known = this.#atHand.get(version);
    if (known) return known;
    const { registry, name } = this.#parts;
    const found = await registry.version(name, version);
    const answers = isNative(found.manifest) ? undefined : this.#answersOf(found);
    const judge = await this.#judge(found, answers).catch((error: unknown) => {
      if (error instanceof PlimsollError) return undefined;
      throw error;
    });
    const { to } = found.card.period as { readonly to: number };
    const own: AtHand = {
      version: found,
      judge,
      answers,
      intervalMs: timeframeMs(found.manifest.timeframe),
      trainedTo: to,
      looked: 0,
    };
    const [oldest] = this.#atHand.keys();
    if (this.#atHand.size >= MOST_AT_HAND) this.#atHand.delete(oldest);
    this.#atHand.set(version, own);
    return own;
  }

  /** Of one that is asked elsewhere the files are looked at here, since whoever answers for it may have read them long ago. */
  async #judge(version: ModelVersion, answers: VersionAnswers | undefined): Promise<Judge> {
    if (answers === undefined) return this.#parts.registry.load(version);
    await this.#parts.registry.files(version);
    return answers.judge;
  }

  #answersOf(version: ModelVersion): VersionAnswers {
    const { objects, ask } = this.#parts;
    return new VersionAnswers(version, new KeptAnswers(objects, version), ask);
  }

  /** Of all rows since its training ended. What it answered before is not asked again. */
  async #logOf(own: AtHand, { bars }: WatchedBars): Promise<PredictionLog | undefined> {
    const { judge, answers, intervalMs, trainedTo } = own;
    if (judge === undefined) return undefined;
    if (own.log !== undefined && own.logged === bars) return own.log;
    const read = (): PredictionLog =>
      predictionLog(bars, judge, { intervalMs, from: trainedTo + 1, ...(own.log ? { earlier: own.log } : {}) });
    if (answers === undefined) {
      own.log = read();
    } else {
      const asked = await answers.during(read);
      own.log = asked.result;
      own.waitsFor = asked.waitsFor;
    }
    own.logged = bars;
    return own.log;
  }

  /** What it was trained on, made again from the bars. */
  #referenceOf(own: AtHand, { symbol, bars }: WatchedBars): TrainedReference {
    const { features, label } = own.version.manifest;
    const period = own.version.card.period as { readonly from: number; readonly to: number };
    if (own.reference) return own.reference;
    if (!(bars.timestamp[0] < period.from)) throw tooLate(own.version, period.from);
    const recipe = { set: featureSet(features), label, symbol, intervalMs: own.intervalMs };
    own.reference = trainedReference(bars, recipe, period, this.#parts.drift);
    return own.reference;
  }
}

const tooLate = ({ name, version }: ModelVersion, from: number): PlimsollError =>
  new PlimsollError(
    'WATCH_BARS',
    `the bars do not reach back to ${formatInstant(from)}, from where on ${name} ${version} learned`,
    'name a file that holds what it learned from',
    { kept: 'nothing was changed' },
  );

type Deed = Extract<Transition, { kind: 'promoted' | 'rolled-back' }>;
