/** What a document event holds, read as something that may be damaged: the fold has to name the event, whatever became of it. */
import type { LedgerEvent } from './events.ts';
import { decimalOf, type Ratio } from './fold-numbers.ts';
import type { FoldState } from './fold-state.ts';

/**
 * The members of an object, by name and form. One that is not what it should be becomes what is wrong with the event, and a harmless
 * value is returned in its place.
 */
export class FoldedBody {
  readonly #state: FoldState;
  readonly #members: Readonly<Record<string, unknown>>;

  constructor(state: FoldState, value: unknown, what = 'body') {
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    state.check(isObject, what, 'an object', value);
    this.#state = state;
    this.#members = isObject ? (value as Record<string, unknown>) : {};
  }

  static of(state: FoldState, event: LedgerEvent): FoldedBody {
    return new FoldedBody(state, event.body);
  }

  text(name: string): string {
    const value = this.#member(name);
    const isText = typeof value === 'string';
    this.#state.check(isText, name, 'a text', value);
    return isText ? value : '';
  }

  /** A whole number within bounds. */
  count(name: string, { least = 0, most = Number.MAX_SAFE_INTEGER } = {}): number {
    const value = this.#member(name);
    const isCount = Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most;
    this.#state.check(isCount, name, `a whole number from ${least} to ${most}`, value);
    return isCount ? (value as number) : least;
  }

  /** A number, exactly as its shortest decimal. */
  ratio(name: string): Ratio {
    const value = this.#member(name);
    const isNumber = typeof value === 'number' && Number.isFinite(value);
    this.#state.check(isNumber, name, 'a number', value);
    return decimalOf(isNumber ? value : 0);
  }

  object(name: string): FoldedBody {
    return new FoldedBody(this.#state, this.#member(name), name);
  }

  /** A list of objects. */
  objects(name: string): FoldedBody[] {
    const value = this.#member(name);
    this.#state.check(Array.isArray(value), name, 'a list', value);
    return Array.isArray(value) ? value.map((entry) => new FoldedBody(this.#state, entry, name)) : [];
  }

  /** Only what the object itself has: names such as `constructor` come from elsewhere. */
  #member(name: string): unknown {
    return Object.hasOwn(this.#members, name) ? this.#members[name] : undefined;
  }
}
