import { PlimsollError } from '../../core/errors.ts';

/**
 * Runs strategy code without a clock, randomness, timers or the network: a strategy that reaches for one gets an error that says
 * what to use instead. Otherwise a backtest, a paper account and a replay of the same decision would differ. `new Date(time)`
 * with a time stays, since it reads no clock.
 */
export function purely<T>(work: () => T): T {
  if (current) return work();
  const mine = { lift: forbid() };
  current = mine;
  try {
    return work();
  } finally {
    mine.lift();
    current = undefined;
  }
}

/** Runs our own work in the middle of {@link purely}, with everything at hand again. */
export function outside<T>(work: () => T): T {
  const forbidden = current;
  if (!forbidden) return work();
  forbidden.lift();
  current = undefined;
  try {
    return work();
  } finally {
    forbidden.lift = forbid();
    current = forbidden;
  }
}

/** What is in force now, and how to lift it. */
let current: { lift: () => void } | undefined;

type Globals = Record<string, unknown>;

const FORBIDDEN = [
  'fetch',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
  'process',
  'performance',
  'crypto',
] as const;

function forbid(): () => void {
  const scope = globalThis as unknown as Globals;
  const saved = new Map<string, PropertyDescriptor | undefined>();
  const replace = (name: string, descriptor: PropertyDescriptor): void => {
    saved.set(name, Object.getOwnPropertyDescriptor(scope, name));
    Object.defineProperty(scope, name, { ...descriptor, configurable: true });
  };
  for (const name of FORBIDDEN) {
    replace(name, {
      get() {
        throw impure(name);
      },
    });
  }
  replace('Date', { value: DateWithoutClock, writable: true });
  const { random } = Math;
  Math.random = () => {
    throw impure('Math.random');
  };
  return () => {
    Math.random = random;
    for (const [name, descriptor] of saved) {
      if (descriptor) Object.defineProperty(scope, name, descriptor);
      else delete scope[name];
    }
  };
}

const SystemDate = Date;

/** `Date` for strategies: only with a time of its own. */
const DateWithoutClock = new Proxy(SystemDate, {
  construct(target, args) {
    if (args.length === 0) throw impure('new Date()');
    return Reflect.construct(target, args);
  },
  apply() {
    throw impure('Date()');
  },
  get(target, property, receiver) {
    if (property === 'now') throw impure('Date.now');
    return Reflect.get(target, property, receiver);
  },
});

const impure = (name: string): PlimsollError =>
  new PlimsollError(
    'STRATEGY_IMPURE',
    `it used ${name}, which would make its decisions impossible to repeat`,
    'use the `time`, `bar` and `state` that its callback gets',
  );
