import type { Json } from '../../core/json.ts';
import type { LedgerDocument } from '../../core/ports/ledger.ts';
import { KEYS } from '../../functions/steps/account-state.ts';
import { committing, delegated, isAccount, reading, withDocuments } from './alterations.ts';
import type { Bug } from './bug.ts';

/** Defects of stores, and of how they are used. */
export const ledgerBugs: readonly Bug[] = [
  {
    name: 'last-writer-wins',
    title: 'A commit is written without a look at where its writer believes the stream to end.',
    standsFor: 'Two processes on one state file: the second undoes what the first has written.',
    plant: () => ({
      store: (ledger) => ({
        ...delegated(ledger),
        commit: async (request) =>
          ledger.commit({
            ...withDocuments(request, (document) => ({ ...document, expectedVersion: 'any' })),
            expected: await ledger.head(request.stream),
            guards: [],
          }),
      }),
    }),
  },
  {
    name: 'document-versions-ignored',
    title: 'The end of the stream is compared, and the versions of documents are not.',
    standsFor: 'A conditional write whose condition covers one item of several.',
    plant: () => ({
      store: (ledger) =>
        committing(ledger, (request) =>
          withDocuments(request, (document) => ({ ...document, expectedVersion: 'any' })),
        ),
    }),
  },
  {
    name: 'events-and-documents-apart',
    title: 'Events are written first, and the documents that belong to them in a second write.',
    standsFor: 'A database and a state file that a crash leaves in disagreement.',
    plant: () => ({
      ledger: (ledger) => ({
        ...delegated(ledger),
        async commit(request) {
          if (request.events.length === 0 || request.documents.length === 0) return ledger.commit(request);
          const written = await ledger.commit({ ...request, documents: [] });
          if (written.kind !== 'committed') return written;
          return ledger.commit({ ...request, expected: written.head, events: [], hash: '' });
        },
      }),
    }),
  },
  {
    name: 'torn-write',
    title: 'Of a commit of many events the last one is not written.',
    standsFor: 'A file that ends in the middle of a record after a crash.',
    plant: () => ({
      store: (ledger) =>
        committing(ledger, (request) =>
          request.events.length > 4 && request.expected.sequence > 0
            ? { ...request, events: request.events.slice(0, -1) }
            : request,
        ),
    }),
  },
  {
    name: 'fill-lost',
    title: 'A fill is left out of what is written.',
    standsFor: 'Fills during a disconnect that nobody asked for afterwards.',
    plant: () => ({
      store: (ledger) =>
        committing(ledger, (request) => ({
          ...request,
          events: request.events.filter((event) => (event as { kind?: string }).kind !== 'OrderFilled'),
        })),
    }),
  },
  {
    name: 'fee-rounded-for-us',
    title: 'The fee of a fill is written one unit lower than it is.',
    standsFor: 'Accounts that differ from the venue by the dust of every fill.',
    plant: () => ({
      store: (ledger) =>
        committing(ledger, (request) => ({
          ...request,
          events: request.events.map((event) => {
            const { kind, fee } = event as { kind?: string; fee?: string };
            return kind === 'OrderFilled' && Number(fee) > 1
              ? { ...(event as { [key: string]: Json }), fee: String(Number(fee) - 1) }
              : event;
          }),
        })),
    }),
  },
  {
    name: 'state-behind-ledger',
    title: 'The account document is not written with commits that hold several events.',
    standsFor: 'Restarts with an old state: the ledger knows of orders that the account does not.',
    plant: () => ({
      store: (ledger) =>
        committing(ledger, (request) =>
          request.events.length > 2 && request.expected.sequence > 0
            ? withDocuments(request, (document) => (isAccount(document.key) ? undefined : document))
            : request,
        ),
    }),
  },
  {
    name: 'checkpoint-not-written',
    title: 'Every third checkpoint of a strategy is not kept.',
    standsFor: 'A strategy that sees bars twice, since its memory is older than its account.',
    plant: () => {
      let written = 0;
      return {
        store: (ledger) =>
          committing(ledger, (request) =>
            withDocuments(request, (document) =>
              document.key.startsWith('checkpoint/') && ++written % 3 === 0 ? undefined : document,
            ),
          ),
      };
    },
  },
  {
    name: 'checkpoint-of-the-first-bar',
    title: 'A strategy is restored from the first checkpoint that was ever read, with the version of the latest.',
    standsFor: 'A cache of memories that is never refreshed.',
    plant: () => {
      const first = new Map<string, LedgerDocument>();
      return {
        store: (ledger) =>
          reading(
            ledger,
            (key) => key.startsWith('checkpoint/'),
            (document) => {
              if (!first.has(document.key)) first.set(document.key, document);
              return { ...document, value: first.get(document.key)!.value };
            },
          ),
      };
    },
  },
  {
    name: 'cycle-written-over',
    title: 'A cycle that was opened is written again when its bars come once more.',
    standsFor: 'A candle that was revised under a decision that had been taken on it.',
    plant: () => ({
      store: (ledger) =>
        committing(
          reading(
            ledger,
            (key) => key === 'opened',
            (document) => ({ ...document, value: { asOf: 0 } }),
          ),
          (request) =>
            withDocuments(request, (document) =>
              document.key.startsWith('cycle/') ? { ...document, expectedVersion: 'any' } : document,
            ),
        ),
    }),
  },
  {
    name: 'bars-of-the-last-cycle',
    title: 'Now and then a step sees the bars of the cycle before.',
    standsFor: 'A cache of candles whose key forgets the time.',
    plant: () => {
      let read = 0;
      let before: LedgerDocument | undefined;
      return {
        store: (ledger) =>
          reading(
            ledger,
            (key) => key.startsWith('cycle/'),
            (document) => {
              const stale = before;
              before = document;
              const { bars } = (stale ?? document).value as { bars: Json };
              return ++read % 7 === 0 ? { ...document, value: { ...(document.value as object), bars } } : document;
            },
          ),
      };
    },
  },
  {
    name: 'rest-of-long-work-forgotten',
    title: 'Work of several commits is known to its writer alone until the last of them.',
    standsFor: 'A crash within work that only its writer could go on with, after which nobody can write any more.',
    plant: () => ({
      store: (ledger) =>
        committing(ledger, (request) => ({
          ...withDocuments(request, (document) => (document.key.startsWith(KEYS.pending) ? undefined : document)),
          guards: request.guards.filter(({ key }) => key !== KEYS.pending),
        })),
    }),
  },
  {
    name: 'bars-not-kept',
    title: 'Every fifth bar that is put into the lake is not there afterwards.',
    standsFor: 'A history with holes where decisions were taken, which nobody can make again.',
    plant: () => {
      let put = 0;
      return {
        objects: (objects) => ({
          get: (key) => objects.get(key),
          list: (prefix, options) => objects.list(prefix, options),
          put: async (key, bytes, options) => (++put % 5 === 0 ? 'written' : objects.put(key, bytes, options)),
        }),
      };
    },
  },
];
