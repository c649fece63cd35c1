/** The latest look at each model by who can only look: its sighting, as everybody reads it, with what the next look goes on from. */
import * as z from 'zod';
import { lifecycleSchema, transitionSchema } from '../../../core/models/monitoring/lifecycle.ts';
import type { Look } from '../../../core/models/monitoring/look.ts';
import { type Sighting, sightingSchema } from '../../../core/models/monitoring/sighting.ts';
import type { WantedTraining } from '../../../core/models/monitoring/training-queue.ts';
import type { ObjectStore } from '../../../core/ports/object-store.ts';
import { sightingKey } from './sightings.ts';

/** Transitions that are kept, the latest ones. Where nothing is trained a version has three: it decides, it is flagged, a training is due. */
const MOST_TRANSITIONS = 10;
/** Characters of a problem. */
const MOST_SAID = 2_000;

const keptSchema = sightingSchema.extend({
  state: lifecycleSchema,
  /** Since the version decides, oldest first, the latest of them. */
  transitions: z.array(transitionSchema).max(MOST_TRANSITIONS),
});
/** A sighting, with where its version stands. */
export type KeptLook = Sighting & Pick<Look, 'state' | 'transitions'>;

export class KeptLooks {
  readonly #objects: Pick<ObjectStore, 'get' | 'put'>;

  constructor(objects: Pick<ObjectStore, 'get' | 'put'>) {
    this.#objects = objects;
  }

  /** Undefined before the first look, and where what is there is none: it is made anew from the bars. */
  async of(model: string): Promise<KeptLook | undefined> {
    const bytes = await this.#objects.get(sightingKey(model));
    return bytes && lookIn(new TextDecoder().decode(bytes));
  }

  /** In the place of the one before. */
  async keep({ transitions, ...look }: KeptLook): Promise<void> {
    await this.#put({ ...look, transitions: transitions.slice(-MOST_TRANSITIONS) } as Sighting);
  }

  /** That a look could not be done, beside what the one before found. `lookedAt` is ms UTC, `problem` one sentence. */
  async fail(failed: Required<Pick<Sighting, 'model' | 'lookedAt' | 'problem'>>): Promise<void> {
    const { model, problem } = failed;
    await this.#put({ ...(await this.of(model)), ...failed, problem: problem.slice(0, MOST_SAID) });
  }

  async #put(sighting: Sighting): Promise<void> {
    const text = `${JSON.stringify(sighting, withoutNone)}\n`;
    await this.#objects.put(sightingKey(sighting.model), new TextEncoder().encode(text));
  }
}

/** The training that a look waits for, as it was asked for; undefined where it waits for none. */
export function awaitedTraining({ model, state, transitions }: KeptLook): WantedTraining | undefined {
  const { stage } = state;
  if (!('training' in stage)) return undefined;
  const asked = transitions.findLast((each) => each.kind === 'queued' && each.training === stage.training);
  if (asked?.kind !== 'queued') return undefined;
  const { training: id, trigger, reason, since, at } = asked;
  return { id, model, trigger, reason, ...(since === undefined ? {} : { from: since }), to: at };
}

/** JSON has no word for what is no number: left out, as what is not known. */
const withoutNone = (_: string, value: unknown): unknown =>
  typeof value === 'number' && !Number.isFinite(value) ? undefined : value;

function lookIn(text: string): KeptLook | undefined {
  try {
    return keptSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
