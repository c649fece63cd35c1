import { mix } from './random.ts';

/** Everything that is done to the platform, or happens to it because of that, and what each stands for. */
export const FAULT_KINDS = {
  'crash-before-commit': 'The process ends before a commit: nothing of its work is kept.',
  'crash-after-commit': 'The process ends after a commit and before what follows from it.',
  'commit-failed': 'The ledger says that it cannot write, and has not.',
  'commit-answer-lost': 'The ledger has written, and the writer hears of a failure.',
  'crash-while-reading': 'The process ends while it waits for a read.',
  'read-failed': 'A read fails, as under throttling.',
  'answer-late': 'An answer takes so long that it tells of a past that others have changed since.',
  'worker-slow': 'A worker stands still for longer than its message stays hidden, and then goes on.',
  'crash-within-work': 'The process ends between two commits of one work.',
  'crash-before-send': 'The process ends between a commit and the message that follows from it.',
  'crash-after-send': 'The process ends after it sent what follows and before it acknowledges.',
  'send-failed': 'A message cannot be sent.',
  'send-answer-lost': 'A message was sent, and its sender hears of a failure.',
  'message-doubled': 'A message is sent twice by the client that retries for its sender.',
  'message-late': 'A message is on its way for minutes.',
  'acknowledge-failed': 'A message that was handled cannot be acknowledged, and comes again.',
  'acknowledge-answer-lost': 'A message was acknowledged, and its handler hears of a failure.',
  'receive-lost': 'A message was handed out to nobody: the answer to its receiver was lost.',
  'venue-unavailable': 'The venue cannot be asked.',
  'bar-late': 'A bar comes long after it closed.',
  'bar-missing': 'A bar never comes.',
  'bar-bad': 'A bar whose prices contradict each other.',
  'store-failed': 'The object store cannot be written to.',
  'tick-doubled': 'The schedule fires twice for one time.',
  'tick-late': 'The schedule fires late.',
  'tick-lost': 'The schedule does not fire.',
  'clock-jump': 'The clock of new processes is minutes off, either way.',
  restart: 'The process of a laptop is stopped hard and started again; in the cloud everything in work ends.',
  'poison-message': 'A message that names no account, or nothing at all.',
  'configuration-changed': 'Another configuration is deployed, beside processes that still have the old one.',
  'command-halt': 'A person halts trading.',
  'command-reduce': 'A person lets trading only reduce.',
  'command-resume': 'A person lets trading go on.',
  'command-cancel': 'A person cancels a working order.',
  'command-close': 'A person closes a position.',
  'command-pause': 'A person pauses a strategy.',
  'command-unpause': 'A person lets a strategy be asked again.',
  'command-arm': 'A person arms live trading, up to limits.',
  'command-disarm': 'A person disarms live trading.',
  'command-repeated': 'A person sends the same command again, under the same key.',
  'crash-before-exchange': 'The process ends before a request reaches the exchange.',
  'crash-after-exchange': 'The process ends after the exchange did what it was asked, and before it heard so.',
  'exchange-disconnected': 'A request does not reach the exchange.',
  'exchange-answer-lost': 'The exchange did what it was asked, and its answer is lost.',
  'exchange-clock-off': 'The clock of the exchange is seconds off, either way.',
  'exchange-maintenance': 'The exchange is closed for minutes.',
  'exchange-unavailable': 'The exchange says that it cannot answer.',
  'submit-dead': 'A submission times out, and there is no order.',
  'submit-live': 'A submission times out, and the order is live.',
  'submit-live-later': 'A submission times out, and the order goes live later.',
  'submit-rate-limited': 'A submission is turned away for the number of requests.',
  'cancel-lost': 'A cancellation times out, done or not.',
  'cancel-accepted-only': 'A cancellation is accepted, and the order ends a minute later.',
  'fill-before-cancel': 'An order fills while its cancellation is under way.',
  'query-unclear': 'The exchange does not say what became of an order.',
  'fill-late': 'A fill is told long after it happened: it is missing until then.',
  'fill-doubled': 'A fill is told twice.',
  'order-ended-by-exchange': 'The exchange cancels or expires an order by its own will.',
  'traded-by-another': 'Somebody else trades in the same account at the exchange.',
  'order-id-reusable':
    'The exchange takes an order under an id that was used before, once that order is over, or at any time.',
  'work-finished-by-another': 'Work of several commits was cut short, and somebody else finished it.',
  conflict: 'Two writers met, and one of them was refused.',
  redelivery: 'A message came again.',
  'visibility-expired': 'A message came again while a slow worker was still at it.',
  reordered: 'A message of another group was handed out before one that was older.',
  'dead-letter': 'A message was given up by its queue.',
  gap: 'A cycle was given up and recorded as a gap.',
  // Last, since what a seed uses goes by the place in this list.
  'market-halted': 'The exchange halts one market for minutes, and the others trade on.',
} as const satisfies Record<string, string>;
export type FaultKind = keyof typeof FAULT_KINDS;

/** A fault at an opportunity: the n-th time that something can go wrong at a place, as in `commit local/a account #3`. */
export interface Fault {
  readonly at: string;
  readonly kind: FaultKind;
}

/** How often something goes wrong where it can, by seed: now and then, often, all the time. */
const RATES = [0.01, 0.02, 0.04, 0.1] as const;
/** Parts of all kinds that a seed uses: the others never happen in it, so that rare mixtures meet. */
const SHARES = [0.3, 0.6, 1] as const;

/**
 * Decides what goes wrong, by seed, or by a script that names each fault. What is decided at a place depends on the place alone, so that
 * a script from which faults were dropped still means the same for the others.
 */
export class FaultPlan {
  /** What was injected, in order. */
  readonly script: Fault[] = [];
  readonly counts = new Map<FaultKind, number>();
  /** Off while the world is set up, and at its end. */
  isActive = false;
  readonly #seed: number;
  readonly #only: ReadonlyMap<string, FaultKind> | undefined;
  readonly #rate: number;
  readonly #share: number;
  readonly #visits = new Map<string, number>();
  #last = 0;

  constructor(seed: number, only?: readonly Fault[]) {
    this.#seed = seed;
    this.#only = only && new Map(only.map(({ at, kind }) => [at, kind]));
    this.#rate = RATES[mix(seed, 11) % RATES.length];
    this.#share = SHARES[mix(seed, 12) % SHARES.length];
  }

  /**
   * Whether something goes wrong here, and which of `kinds`.
   * @param place where, in words that are the same in every replay
   * @param weight how much rarer (below 1) or more frequent it is than elsewhere
   */
  strike(place: string, kinds: readonly FaultKind[], weight = 1): FaultKind | undefined {
    if (!this.isActive || kinds.length === 0) return undefined;
    const visit = (this.#visits.get(place) ?? 0) + 1;
    this.#visits.set(place, visit);
    const hash = mix(hashOf(place), visit);
    const kind = this.#only ? this.#only.get(`${place} #${visit}`) : this.#draw(hash, kinds, weight);
    if (kind === undefined || !kinds.includes(kind)) return undefined;
    this.#last = hash;
    this.script.push({ at: `${place} #${visit}`, kind });
    this.count(kind);
    return kind;
  }

  /** A number for how the last fault goes (which order, how long), below `end`; the same in every replay of the seed. */
  detail(end: number, salt = 0): number {
    return mix(this.#seed, 21, this.#last, salt) % end;
  }

  /** Kinds that were injected or followed. */
  get kinds(): number {
    return this.counts.size;
  }

  /** Something happened as a consequence. */
  count(kind: FaultKind): void {
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
  }

  #draw(hash: number, kinds: readonly FaultKind[], weight: number): FaultKind | undefined {
    if (mix(this.#seed, 31, hash) >= this.#rate * weight * 2 ** 32) return undefined;
    const kind = kinds[mix(this.#seed, 32, hash) % kinds.length];
    return this.#uses(kind) ? kind : undefined;
  }

  #uses(kind: FaultKind): boolean {
    return mix(this.#seed, 13, KIND_NAMES.indexOf(kind)) < this.#share * 2 ** 32;
  }
}

/** FNV-1a of a text. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let k = 0; k < text.length; k++) hash = Math.imul(hash ^ text.charCodeAt(k), 0x01000193);
  return hash;
}

export const KIND_NAMES = Object.keys(FAULT_KINDS) as FaultKind[];
