/** Looks at models in turn, each when it is due, and trains what that asks for beside the looks, one training at a time. */
import { setTimeout as sleep } from 'node:timers/promises';
import { PlimsollError } from '../../core/errors.ts';
import type { QueuedTraining } from '../../core/models/monitoring/training-queue.ts';
import { sentenceOf } from '../log.ts';
import { transitionText } from './watch-look.ts';
import { WatchedModel, type WatchedModelSettings } from './watched-model.ts';

/** How the platform is called in the queue of trainings: one that comes again goes on with what it had. */
export const PLATFORM_WORKER = 'the platform';
/** For a training that is told to stop to leave off between two of its units. */
const LEAVE_OFF_MS = 4_000;
/** Where another process watches a model, it is looked again whether it still does. */
const TAKEN_MS = 60_000;

export interface WatcherSettings {
  /** The data directory. */
  readonly directory: string;
  readonly models: readonly (WatchedModelSettings & {
    /** Ms between two looks. */
    readonly everyMs: number;
  })[];
}

export interface WatcherHooks {
  /** For people, in a line. */
  readonly tell: (line: string) => void;
  /** A look begins. */
  readonly looking: (model: string) => void;
  /** It is over, and why it could not be done, in a sentence; undefined where it could. */
  readonly looked: (model: string, problem: string | undefined) => void;
  /** ms UTC */
  readonly now: () => number;
}

interface Turn {
  readonly name: string;
  readonly everyMs: number;
  readonly model: WatchedModel;
  /** ms UTC */
  at: number;
  problem: string | undefined;
}

export class Watcher {
  readonly #hooks: WatcherHooks;
  readonly #turns: readonly Turn[];
  /** Models that may have a training, in the order of their looks. */
  readonly #toTrain = new Set<Turn>();
  #training: Promise<void> | undefined;
  #wake = new AbortController();

  constructor({ directory, models }: WatcherSettings, hooks: WatcherHooks) {
    this.#hooks = hooks;
    this.#turns = models.map(({ everyMs, ...settings }) => ({
      ...{ name: settings.name, everyMs, at: hooks.now(), problem: undefined },
      model: new WatchedModel(directory, settings, hooks.now),
    }));
  }

  /** Until it is told to stop; a training that runs is broken off then, and waits again. What fails at one model leaves the others. */
  async run(stopping: AbortSignal): Promise<void> {
    while (!stopping.aborted) {
      const next = this.#turns.reduce((first, turn) => (turn.at < first.at ? turn : first));
      const waitMs = next.at - this.#hooks.now();
      if (waitMs > 0) {
        await sleep(waitMs, undefined, { signal: AbortSignal.any([stopping, this.#wake.signal]) }).catch(
          () => undefined,
        );
        continue;
      }
      this.#wake = new AbortController();
      await this.#look(next, stopping);
      this.#toTrain.add(next);
      this.#training ??= this.#train(stopping);
    }
    await this.#leftOff();
    for (const { model } of this.#turns) model.close();
  }

  /** What has not left off by then ends with its thread, and is to be begun again all the same. */
  async #leftOff(): Promise<void> {
    await Promise.race([this.#training, sleep(LEAVE_OFF_MS, undefined, { ref: false })]);
    if (this.#training !== undefined) for (const { model } of this.#turns) await model.giveBack(PLATFORM_WORKER);
  }

  async #look(turn: Turn, stopping: AbortSignal): Promise<void> {
    const { name, everyMs, model } = turn;
    const { tell, looking, looked, now } = this.#hooks;
    turn.at = now() + everyMs;
    looking(name);
    try {
      const { transitions } = await model.look(turn.at, stopping);
      turn.problem = undefined;
      for (const transition of transitions) tell(`${name}  ${transitionText(transition)}`);
    } catch (error) {
      const problem = sentenceOf(error);
      if (error instanceof PlimsollError && error.code === 'MODEL_WATCHED')
        turn.at = now() + Math.min(everyMs, TAKEN_MS);
      if (problem !== turn.problem) tell(`${name} is not watched: ${problem}`);
      turn.problem = problem;
    }
    looked(name, turn.problem);
  }

  /** What waits of the models that were looked at. When one is over, its model is looked at again at once. */
  async #train(stopping: AbortSignal): Promise<void> {
    for (const turn of this.#toTrain) {
      this.#toTrain.delete(turn);
      if (stopping.aborted) break;
      try {
        const training = await turn.model.trainNext(PLATFORM_WORKER, stopping);
        if (training === undefined || training.status === 'pending') continue;
        this.#hooks.tell(trainingText(training));
        turn.at = this.#hooks.now();
        this.#wake.abort();
      } catch (error) {
        if (!stopping.aborted) this.#hooks.tell(`${turn.name} is not trained: ${sentenceOf(error)}`);
      }
    }
    this.#training = undefined;
  }
}

/** How a training stands, in a line. */
export function trainingText({ wanted, status, version, failure }: QueuedTraining): string {
  const left = version === undefined ? '' : `; it left ${version}`;
  const why = failure === undefined || status === 'finished' ? '' : `: ${failure}`;
  return `${wanted.model}  the training ${wanted.id} is ${status}${left}${why}`;
}
