import { changeTradingState } from '../../core/engine/bookkeeping.ts';
import { runCommand } from '../../functions/steps/commands.ts';
import { committing, reading, withDocuments } from './alterations.ts';
import type { Bug } from './bug.ts';

/** Defects in how messages and commands are taken and settled. */
export const deliveryBugs: readonly Bug[] = [
  {
    name: 'acknowledged-before-handled',
    title: 'A message is acknowledged when it is received.',
    standsFor: 'At most once where at least once is needed: a crash loses the step.',
    plant: () => ({ acknowledgesFirst: true }),
  },
  {
    name: 'failures-acknowledged',
    title: 'A message whose step failed is taken for handled.',
    standsFor: 'A partial batch failure that is not reported.',
    plant: () => ({
      settlement: ({ acknowledge }) => ({ acknowledge, release: (queue, message) => acknowledge(queue, message) }),
    }),
  },
  {
    name: 'dead-letters-thrown-away',
    title: 'What the queues gave up on is removed, and its cycle is not closed.',
    standsFor: 'A dead-letter queue that nobody reads.',
    plant: () => ({ dropsDeadLetters: true }),
  },
  {
    name: 'next-step-not-sent-again',
    title: 'A step is told to the queue once in its life, also where that failed.',
    standsFor: 'A duplicate filter that remembers what was tried, not what was done.',
    plant: () => {
      const tried = new Set<string>();
      return {
        send: (send) => async (queue, message) => {
          if (tried.has(message.id)) return;
          tried.add(message.id);
          await send(queue, message);
        },
      };
    },
  },
  {
    name: 'command-done-twice',
    title: 'A command that comes again under its key is done again.',
    standsFor: 'A person who clicks twice and closes twice.',
    plant: () => ({
      ledger: (ledger) =>
        committing(
          reading(
            ledger,
            (key) => key.startsWith('command/'),
            () => undefined,
          ),
          (request) =>
            withDocuments(request, (document) =>
              document.key.startsWith('command/') ? { ...document, expectedVersion: 'any' } : document,
            ),
        ),
    }),
  },
  {
    name: 'halt-leaves-orders-working',
    title: 'A halt stops what is new and leaves what works.',
    standsFor: 'Orders that nobody follows any more, and that fill hours later.',
    source: 'https://github.com/hummingbot/hummingbot/issues/3374',
    plant: () => ({
      setTradingState: (ports, stream, to, reason, origin) =>
        runCommand(ports, stream, 'trading-state.set', origin, (engine) => {
          if (engine.tradingState !== to) changeTradingState(engine, to, `${reason} (${origin.principal.name})`);
          return { state: to, canceled: 0 };
        }),
    }),
  },
];
