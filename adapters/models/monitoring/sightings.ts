/** What the latest look at each model found, in the object store: `model-watches/NAME.json`. */
import { canonicalJson } from '../../../core/json.ts';
import { type Sighting, sightingIn } from '../../../core/models/monitoring/sighting.ts';
import type { ObjectStore } from '../../../core/ports/object-store.ts';

/** What the keys of all of them begin with. */
export const SIGHTINGS_PREFIX = 'model-watches/';
/** Models whose sightings are told. */
const MOST_TOLD = 1_000;

export class Sightings {
  readonly #objects: ObjectStore;

  constructor(objects: ObjectStore) {
    this.#objects = objects;
  }

  async put(sighting: Sighting): Promise<void> {
    await this.#objects.put(sightingKey(sighting.model), new TextEncoder().encode(`${canonicalJson(sighting)}\n`));
  }

  /** Undefined where there is none, or none that can be read. */
  async of(model: string): Promise<Sighting | undefined> {
    return this.#at(sightingKey(model));
  }

  /** Of all models, by name. */
  async all(): Promise<Sighting[]> {
    const keys = await this.#objects.list(SIGHTINGS_PREFIX, { limit: MOST_TOLD });
    const found = await Promise.all(keys.map((key) => this.#at(key)));
    return found.filter((sighting) => sighting !== undefined);
  }

  async #at(key: string): Promise<Sighting | undefined> {
    const bytes = await this.#objects.get(key);
    return bytes && sightingIn(new TextDecoder().decode(bytes));
  }
}

/** Where that of a model is kept. */
export const sightingKey = (model: string): string => `${SIGHTINGS_PREFIX}${model}.json`;
