/**
 * The one error that people see: what happened, and the way out. `code` is stable and is what programs compare;
 * `kept` says what is safe, where that is in doubt.
 */
export class PlimsollError extends Error {
  readonly code: string;
  /** The way out, as an imperative: "write a count and a unit". */
  readonly remedy: string;
  readonly kept: string | undefined;

  constructor(code: string, message: string, remedy: string, options: { kept?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'PlimsollError';
    this.code = code;
    this.remedy = remedy;
    this.kept = options.kept;
  }

  /** One sentence for a terminal or a problem document. */
  get sentence(): string {
    const kept = this.kept ? ` ${capital(this.kept)}.` : '';
    return `${capital(this.message)}.${kept} ${capital(this.remedy)}.`;
  }
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** A broken invariant: a defect of ours, never the user's. */
export function invariant(condition: unknown, what: string): asserts condition {
  if (!condition) {
    throw new PlimsollError(
      'INVARIANT_BROKEN',
      `an invariant does not hold: ${what}`,
      'report this with the command that led to it',
    );
  }
}
