import { standingsOf, type TrialOf } from '../../adapters/models/models-at-hand.ts';
import type { ModelRegistry } from '../../adapters/models/registry.ts';

export interface ChampionWatchOptions {
  readonly models: ModelRegistry;
  readonly trials: TrialOf;
  /** Which decided when they were loaded, as `standingsOf` says it. */
  readonly loaded: string;
  readonly everyMs: number;
  /** Another version decides than was loaded, or is on trial, or has another share. Called once; nothing is looked at after it. */
  readonly onChange: () => void;
  readonly onFailure: (error: unknown) => void;
}

/** Looks now and then whether other versions of models decide, by whichever process. */
export class ChampionWatch {
  readonly #options: ChampionWatchOptions;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;

  constructor(options: ChampionWatchOptions) {
    this.#options = options;
    this.#wait();
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  #wait(): void {
    if (this.#isClosed) return;
    this.#timer = setTimeout(() => void this.#look(), this.#options.everyMs);
  }

  async #look(): Promise<void> {
    const { models, trials, loaded, onChange, onFailure } = this.#options;
    try {
      if ((await standingsOf(models, trials)) !== loaded) {
        if (!this.#isClosed) onChange();
        return;
      }
    } catch (error) {
      onFailure(error);
    }
    this.#wait();
  }
}
