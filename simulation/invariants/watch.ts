/** Looks at every commit of every stream as it is written, and keeps what does not hold. */

import type { EngineDefinition } from '../../core/engine/engine.ts';
import { canonicalJson, fromCheckpointJson, type Json, toCheckpointJson } from '../../core/json.ts';
import type { LedgerEvent } from '../../core/ledger/events.ts';
import { LedgerVerifier } from '../../core/ledger/verify.ts';
import { pow10 } from '../../core/numbers.ts';
import type { CommitRequest, LedgerHead } from '../../core/ports/ledger.ts';
import {
  type AccountState,
  type CycleDocument,
  KEYS,
  type Opening,
  type Step,
} from '../../functions/steps/account-state.ts';
import { asListed, inForce } from '../../functions/steps/engines.ts';
import type { CycleMessage } from '../../functions/steps/ports.ts';
import { digestOf } from '../../functions/steps/runs-under.ts';
import { dueState } from '../../functions/steps/step.ts';
import type { Placed, SimulatedExchange } from '../ports/exchange.ts';
import type { SimulatedLedger } from '../ports/ledger.ts';
import { type Command, Shadow } from '../shadow.ts';
import {
  conserves,
  decidedOnce,
  type Finding,
  type FoldView,
  foldsToAccount,
  haltEndsOrders,
  nothingSentAfterHalt,
  withinLimits,
} from './account.ts';
import { ExchangeWatch, equalsExchange } from './exchange.ts';
import { isSameData } from './same-data.ts';

/** Cycles that a live account is given to come to rest, once faults have stopped: before a halt, and after it. */
export const REST = { cycles: 7, cyclesAfterHalt: 3 } as const;

export const INVARIANTS = {
  'chain-holds': 'The hash chain of a ledger holds, and everything that its events claim follows from those before.',
  'account-folds': 'The account document says what its events say.',
  'decided-once': 'A cycle is decided once, and a cycle that was opened stays as it is.',
  conserves: 'Cash, positions and fees conserve to the last unit.',
  'within-limits': 'No limit is exceeded by positions, reservations and working orders together.',
  'halt-holds':
    'Nothing is sent after a halt until trading is resumed, what worked is canceled in the same commit, and what was decided and not sent ends with its cycle: within one cycle nothing is left.',
  'as-without-faults': 'What is committed is what a run without faults commits at the same place, byte for byte.',
  'one-venue-order': 'No intent becomes two orders at the exchange, and no order there is of no intent.',
  'venue-covered': 'What works at the exchange works in the ledger, and what it may come to is counted there.',
  'halt-reaches-venue': `Once faults stop, a halt has ended every order at the exchange within ${REST.cyclesAfterHalt} cycles.`,
  'ledger-is-venue': `Once faults stop, the ledger equals the exchange to the last unit within ${REST.cycles + REST.cyclesAfterHalt} cycles: every fill once, positions, cash and fees.`,
  'commanded-once': 'A command is done once for its key.',
  'bars-kept': 'The bars of a cycle that was opened are in the lake.',
  settles: 'Once faults stop, every cycle that was opened is settled or a recorded gap, within a bounded time.',
  handled: 'Every message is handled before it is acknowledged, or is a dead letter that names no cycle.',
  'no-surprise': 'Nothing fails in a way that nobody thought of.',
} as const satisfies Record<string, string>;
export type Invariant = keyof typeof INVARIANTS;

export interface Violation {
  readonly invariant: Invariant;
  readonly what: string;
  readonly stream: string;
}

export interface WatchOptions {
  readonly ledger: SimulatedLedger;
  /** What a stream may run under: its definitions under all configurations that are ever deployed. */
  readonly definitionsOf: (stream: string, opening: Opening) => readonly EngineDefinition[];
  /** What a person asked for under an idempotency key. */
  readonly commandOf: (key: string) => Command | undefined;
  readonly isInLake: (stream: string, cycle: CycleDocument) => boolean;
  readonly onGap: () => void;
  /** Of live accounts. */
  readonly exchange: () => SimulatedExchange | undefined;
}

interface Watched {
  readonly verifier: LedgerVerifier;
  definition: EngineDefinition;
  readonly definitions: readonly EngineDefinition[];
  shadow: Shadow;
  state: AccountState;
  deposited: bigint;
  /** Of a live account: what the exchange does is not known beforehand, so that there is no shadow to compare with. */
  readonly live: ExchangeWatch | undefined;
  /** Events of commits that go before the one with the account. */
  parts: Json[];
  /** Cycles that the account has settled, and those that it gave up. */
  readonly settled: Set<number>;
}

const COMMAND = KEYS.command('');

export class Watch {
  readonly violations: Violation[] = [];
  readonly #options: WatchOptions;
  readonly #streams = new Map<string, Watched>();

  constructor(options: WatchOptions) {
    this.#options = options;
    options.ledger.onCommitted((request, head) => this.#look(request, head));
  }

  report(invariant: Invariant, stream: string, what: Finding): void {
    if (what !== undefined) this.violations.push({ invariant, stream, what });
  }

  /** Cycles of a stream that were opened and are neither settled nor gaps. */
  unsettled(stream: string): number[] {
    const settled = this.#streams.get(stream)?.settled;
    return this.#options.ledger
      .peekKeys(stream, KEYS.cyclePrefix)
      .map((key) => Number(key.slice(KEYS.cyclePrefix.length)))
      .filter((cycle) => !settled?.has(cycle));
  }

  /** A message is taken for handled: its step must be done, and what follows from it be on its way. */
  handled(step: Step, { stream, cycle }: CycleMessage, isOnItsWay: (id: string) => boolean): void {
    const watched = this.#streams.get(stream);
    if (!watched) return;
    const { cursor, verdicts } = watched.state;
    const what = `${step} of cycle ${cycle}`;
    const due = dueState(cursor, step, cycle);
    if (due === 'due' && this.unsettled(stream)[0] === cycle)
      this.report('handled', stream, `${what} is taken for handled, and is not done`);
    if (cursor.cycle !== cycle || cursor.next === 'settled' || verdicts.at(-1)?.step !== step) return;
    if (!isOnItsWay(`${stream}@${cycle}/${cursor.next}`))
      this.report('handled', stream, `${what} is taken for handled, and nobody was told of ${cursor.next}`);
  }

  #look(request: CommitRequest, head: LedgerHead): void {
    try {
      this.#lookAt(request, head);
    } catch (error) {
      this.report(
        'no-surprise',
        request.stream,
        `a commit could not be looked at: ${error instanceof Error ? error.stack : error}`,
      );
    }
  }

  #lookAt(request: CommitRequest, head: LedgerHead): void {
    const { stream, documents } = request;
    const account = documents.find(({ key }) => key === KEYS.account);
    const watched = this.#streams.get(stream) ?? this.#begin(request);
    if (!watched) return;
    this.#verify(watched, request, head);
    this.#documents(request);
    watched.parts.push(...request.events);
    watched.live?.take(request.events as unknown as LedgerEvent[]);
    if (!account) return;
    const before = watched.state;
    // As it stands in the ledger: what was handed over is still its writer's.
    watched.state = fromCheckpointJson(this.#options.ledger.peek(stream, KEYS.account)!.value) as AccountState;
    const events = watched.parts as unknown as LedgerEvent[];
    this.#account(watched, stream, before, events);
    if (watched.live) this.#live(watched, watched.live, request);
    else this.#compare(watched, request, before);
    watched.parts = [];
  }

  /** The first commit of a stream: its account is opened. */
  #begin({ stream, documents }: CommitRequest): Watched | undefined {
    const opening = documents.find(({ key }) => key === KEYS.opening)?.value as unknown as Opening | undefined;
    if (!opening) return undefined;
    const definitions = this.#options.definitionsOf(stream, opening);
    const [definition] = definitions;
    const cursor = { cycle: opening.openedAt - 1, next: 'settled' } as const;
    const watched: Watched = {
      verifier: new LedgerVerifier(),
      definition,
      definitions,
      shadow: new Shadow(definition),
      state: { cursor, proposals: [], verdicts: [], engine: { tradingState: 'Active' } as AccountState['engine'] },
      deposited: 0n,
      live: definition.live && new ExchangeWatch(),
      parts: [],
      settled: new Set(),
    };
    this.#streams.set(stream, watched);
    return watched;
  }

  #verify({ verifier }: Watched, { stream, events, hash }: CommitRequest, head: LedgerHead): void {
    if (events.length === 0) return;
    const firstSequence = head.sequence - events.length + 1;
    // The parts of a long commit have no hash of their own; the commit that ends it has.
    const fault = verifier.add({ stream, number: head.commit, firstSequence, events, hash });
    if (fault)
      this.report(
        'chain-holds',
        stream,
        `event ${fault.sequence} (${fault.kind}): ${fault.what} is ${fault.found}, expected ${fault.expected}`,
      );
  }

  #documents({ stream, documents }: CommitRequest): void {
    const { ledger, isInLake } = this.#options;
    for (const { key, value } of documents) {
      const isCycle = key.startsWith(KEYS.cyclePrefix);
      if (!isCycle && !key.startsWith(COMMAND) && !key.startsWith(KEYS.decisionPrefix)) continue;
      const version = ledger.peek(stream, key)?.version;
      if (version !== 1)
        this.report(
          key.startsWith(COMMAND) ? 'commanded-once' : 'decided-once',
          stream,
          `${key} was written ${version} times`,
        );
      if (isCycle && !isInLake(stream, value as unknown as CycleDocument))
        this.report('bars-kept', stream, `${key} was opened before its bars were kept`);
    }
  }

  #account(watched: Watched, stream: string, before: AccountState, events: readonly LedgerEvent[]): void {
    const { state, verifier, definition } = watched;
    const { fold } = verifier;
    const view = viewOf(watched);
    for (const event of events) if (event.kind === 'CashMoved') watched.deposited += BigInt(String(event.amount));
    this.report('decided-once', stream, decidedOnce(before.cursor, state.cursor));
    this.report('account-folds', stream, foldsToAccount(view, state));
    this.report('conserves', stream, conserves(view, watched.deposited));
    this.report('halt-holds', stream, nothingSentAfterHalt(events, before.engine.tradingState, fold));
    this.report('halt-holds', stream, haltEndsOrders(view, state));
    // What is carved from an order that is worked in parts was opened with that order.
    const opened = new Set(
      events
        .filter(isOpening)
        .map(({ order }) => order as number)
        .filter((order) => fold.account.orders[order - 1].carvedFrom === 0),
    );
    if (opened.size > 0) {
      const moneyScale = pow10(definition.moneyDecimals);
      this.report('within-limits', stream, withinLimits(view, state, definition.limits, moneyScale, opened));
    }
    if (state.cursor.next === 'settled') watched.settled.add(state.cursor.cycle);
  }

  #live(watched: Watched, live: ExchangeWatch, { stream, documents }: CommitRequest): void {
    const { state, definitions } = watched;
    if (documents.some(({ key }) => key.startsWith(KEYS.gapPrefix))) this.#options.onGap();
    watched.definition = definitionIn(state, definitions) ?? watched.definition;
    const exchange = this.#options.exchange();
    if (exchange) this.report('venue-covered', stream, live.covered(viewOf(watched), exchange));
  }

  /** The live account, and its stream. */
  #liveOne(): [string, Watched & { readonly live: ExchangeWatch }] | undefined {
    for (const [stream, watched] of this.#streams)
      if (watched.live) return [stream, watched as Watched & { readonly live: ExchangeWatch }];
    return undefined;
  }

  /** An order came to exist at the exchange. */
  placed(order: Placed): void {
    const found = this.#liveOne();
    if (found) this.report('one-venue-order', found[0], found[1].live.placed(order));
  }

  /** A process is about to send an order; the trading state that it has seen since it last did. */
  submits(clientOrderId: string, seen: string | undefined): void {
    const found = this.#liveOne();
    if (!found) return;
    const [stream, { live, verifier }] = found;
    this.report('halt-holds', stream, live.submits(clientOrderId, seen, verifier.fold));
  }

  /** A live account has had its time without faults and after a halt. */
  atRest(): void {
    const found = this.#liveOne();
    const exchange = this.#options.exchange();
    if (!found || !exchange) return;
    const [stream, watched] = found;
    const symbols = watched.definition.instruments.map(({ symbol }) => symbol);
    const { order, figures } = equalsExchange(viewOf(watched), watched.state, exchange, watched.deposited, symbols);
    this.report('halt-reaches-venue', stream, order);
    this.report('ledger-is-venue', stream, figures);
  }

  /** How many cycles a stream has settled or given up. */
  settled(stream: string): number {
    return this.#streams.get(stream)?.settled.size ?? 0;
  }

  /** The account as it was committed last. */
  stateOf(stream: string): AccountState | undefined {
    return this.#streams.get(stream)?.state;
  }

  /** Takes the shadow through what was committed, and compares. */
  #compare(watched: Watched, { stream, documents }: CommitRequest, before: AccountState): void {
    const { state } = watched;
    const isNew = documents.some(({ key }) => key === KEYS.opening);
    if (documents.some(({ key }) => key.startsWith(KEYS.gapPrefix))) this.#options.onGap();
    else if (isNew || state.runsUnder === before.runsUnder) {
      const expected = this.#expect(watched, documents, before, isNew, stream);
      if (expected !== undefined) {
        const account = documents.find(({ key }) => key === KEYS.account)!;
        this.#differ(watched, stream, expected, (account.value as { engine: Json }).engine);
        return;
      }
    }
    this.#resume(watched, stream);
  }

  #expect(
    watched: Watched,
    documents: CommitRequest['documents'],
    before: AccountState,
    isNew: boolean,
    stream: string,
  ): Json[] | undefined {
    const { shadow, state } = watched;
    if (isNew) return shadow.open();
    const done = documents.find(({ key }) => key.startsWith(COMMAND));
    if (done) {
      const command = this.#options.commandOf(done.key.slice(COMMAND.length));
      if (command) return shadow.command(command);
      const { name, output } = done.value as { name: string; output: Json };
      return name === 'cycles.missed' ? shadow.missed(output) : undefined;
    }
    const { cycle, next } = before.cursor;
    const step = state.cursor.cycle === cycle && next !== 'settled' ? next : 'reconcile';
    const document = this.#options.ledger.peek(stream, KEYS.cycle(state.cursor.cycle));
    if (!document) return undefined;
    const did = shadow.step(step, document.value as unknown as CycleDocument);
    if (did.next !== state.cursor.next)
      this.report(
        'as-without-faults',
        stream,
        `after ${step} comes ${state.cursor.next}, and without faults ${did.next}`,
      );
    return did.events;
  }

  #differ({ parts, shadow, state, verifier }: Watched, stream: string, expected: readonly Json[], stored: Json): void {
    if (!isSameData(parts, expected) && canonicalJson(parts) !== canonicalJson(expected)) {
      const at = expected.findIndex((event, k) => canonicalJson(event) !== canonicalJson(parts[k] ?? null));
      const sequence = verifier.fold.account.sequence - parts.length + 1 + (at < 0 ? expected.length : at);
      const [mine, theirs] = [expected[at] ?? null, parts[at < 0 ? expected.length : at] ?? null];
      this.report(
        'as-without-faults',
        stream,
        `event ${sequence} is ${canonicalJson(theirs)}, and without faults ${canonicalJson(mine)}`,
      );
    } else if (state.cursor.next === 'settled') {
      const meant = shadow.snapshot();
      if (isSameData(state.engine, meant, isSeenInBoth)) return;
      const difference = firstDifference(comparable(stored), comparable(toCheckpointJson(meant)));
      if (difference !== undefined) this.report('as-without-faults', stream, `the account is ${difference}`);
    }
  }

  /** From here on the shadow goes on from what it finds. */
  #resume(watched: Watched, stream: string): void {
    const { state, definitions } = watched;
    const definition = definitionIn(state, definitions);
    if (!definition) return;
    watched.definition = definition;
    watched.shadow = new Shadow(definition);
    const checkpoints = definition.strategies.map(({ id }) => {
      const document = this.#options.ledger.peek(stream, KEYS.checkpoint(id));
      return [id, (document?.value as { checkpoint?: Json } | undefined)?.checkpoint ?? null] as const;
    });
    watched.shadow.restore(state, new Map(checkpoints));
  }
}

/** What an account runs under: of its definitions the one that it took over last, with the limits that are in force. */
function definitionIn(
  { runsUnder, engine }: AccountState,
  definitions: readonly EngineDefinition[],
): EngineDefinition | undefined {
  const definition = definitions.find((candidate) => digestOf(candidate) === runsUnder);
  return definition && inForce(asListed(definition, engine), engine.limits);
}

function viewOf({ verifier: { fold } }: Watched): FoldView {
  return { account: fold.account, fold, working: fold.workingOrders() };
}

const isOpening = ({ kind, exposure }: LedgerEvent): boolean => kind === 'OrderInitialized' && Number(exposure) > 0;

/**
 * An engine in memory may look at a bar that a restored one passes over, since neither could touch its orders: of the bars that an
 * order has seen it matters only whether there was one.
 */
const isSeenInBoth = (key: string, found: unknown, meant: unknown): boolean =>
  key === 'barsSeen' && Number(found) > 0 && Number(meant) > 0;

/** The same for the words of what differs. */
const comparable = (engine: Json): string => canonicalJson(engine).replace(/"barsSeen":[1-9]\d*/g, '"barsSeen":1');

const CONTEXT = 60;

function firstDifference(found: string, meant: string): Finding {
  if (found === meant) return undefined;
  let at = 0;
  while (at < found.length && found[at] === meant[at]) at++;
  const part = (text: string): string => text.slice(Math.max(0, at - CONTEXT), at + CONTEXT);
  return `…${part(found)}…, and without faults …${part(meant)}…`;
}
