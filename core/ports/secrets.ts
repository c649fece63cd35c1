/** The secrets port: values by reference. A value never appears in a log, an error or a dump. */
export interface SecretsPort {
  /** Throws `SECRET_UNKNOWN` naming the reference, never a value. */
  get(reference: string): Promise<SecretValue>;
  put(reference: string, value: string): Promise<void>;
  /** References only. */
  list(): Promise<string[]>;
}

const REDACTED = '[secret]';

/** Holds a secret so that printing, logging, spreading or serialising it shows `[secret]`; `reveal()` is the one way in. */
export class SecretValue {
  readonly #value: string;
  constructor(value: string) {
    this.#value = value;
  }
  reveal(): string {
    return this.#value;
  }
  toString(): string {
    return REDACTED;
  }
  toJSON(): string {
    return REDACTED;
  }
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return REDACTED;
  }
}
