/** The hints of a watch, as they come. */
import type { VenueHint } from '../../../../core/ports/execution-venue.ts';

export class Hints {
  readonly all: VenueHint[] = [];
  #taken = 0;
  #waiting: (() => void) | undefined;

  readonly take = (hint: VenueHint): void => {
    this.all.push(hint);
    this.#waiting?.();
  };

  /** The next one that was not asked for yet, once it has come. */
  async next(): Promise<VenueHint> {
    while (this.all.length <= this.#taken) {
      await new Promise<void>((resolve) => {
        this.#waiting = resolve;
      });
    }
    return this.all[this.#taken++];
  }

  /** The next of a kind; those before it are passed over. */
  async until<Kind extends VenueHint['kind']>(kind: Kind): Promise<Extract<VenueHint, { kind: Kind }>> {
    for (;;) {
      const hint = await this.next();
      if (hint.kind === kind) return hint as Extract<VenueHint, { kind: Kind }>;
    }
  }

  count(kind: VenueHint['kind']): number {
    return this.all.filter((hint) => hint.kind === kind).length;
  }
}
