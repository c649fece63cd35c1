/** The ways in which bugs change what goes through a port. */
import type { Json } from '../../core/json.ts';
import type { CommitRequest, DocumentWrite, LedgerDocument, LedgerPort } from '../../core/ports/ledger.ts';
import { KEYS, type Step } from '../../functions/steps/account-state.ts';
import type { CycleMessage, StepPorts } from '../../functions/steps/ports.ts';
import type { Defect } from './bug.ts';

type Tree = { [key: string]: Json };

/** A ledger whose documents of some keys are read otherwise than they stand. */
export function reading(
  ledger: LedgerPort,
  isMeant: (key: string) => boolean,
  change: (document: LedgerDocument) => LedgerDocument | undefined,
): LedgerPort {
  return {
    ...delegated(ledger),
    async document(stream, key) {
      const document = await ledger.document(stream, key);
      return document && isMeant(key) ? change(document) : document;
    },
  };
}

/** A ledger that is given other commits than were meant. */
export const committing = (ledger: LedgerPort, change: (request: CommitRequest) => CommitRequest): LedgerPort => ({
  ...delegated(ledger),
  commit: (request) => ledger.commit(change(request)),
});

/** A defect in how a snapshot of an account comes back. */
export const snapshotReadAs = (change: (engine: Tree, account: Tree) => void): Defect => ({
  ledger: (ledger) => reading(ledger, isAccount, (document) => changedAccount(document, change)),
});

/** The same in one step alone. */
export const snapshotReadIn = (step: Step, change: (engine: Tree, account: Tree) => void): Defect => ({
  steps: (steps) => ({
    ...steps,
    [step]: (ports: StepPorts, message: CycleMessage) =>
      steps[step](
        { ...ports, ledger: reading(ports.ledger, isAccount, (document) => changedAccount(document, change)) },
        message,
      ),
  }),
});

export const isAccount = (key: string): boolean => key === KEYS.account;

export function changedAccount(
  document: LedgerDocument,
  change: (engine: Tree, account: Tree) => void,
): LedgerDocument {
  const account = structuredClone(document.value) as Tree;
  change(account.engine as Tree, account);
  return { ...document, value: account };
}

/** Every order that a snapshot holds. */
export function ordersOf(engine: Tree): Tree[] {
  const markets = engine.markets as unknown as { orders: Tree[]; held: Tree[] }[];
  return [...markets.flatMap(({ orders, held }) => [...orders, ...held]), ...(engine.intents as unknown as Tree[])];
}

export const withDocuments = (
  request: CommitRequest,
  change: (document: DocumentWrite) => DocumentWrite | undefined,
): CommitRequest => ({ ...request, documents: request.documents.flatMap((document) => change(document) ?? []) });

export function delegated(ledger: LedgerPort): LedgerPort {
  return {
    head: (stream) => ledger.head(stream),
    commit: (request) => ledger.commit(request),
    read: (stream, after, limit) => ledger.read(stream, after, limit),
    document: (stream, key) => ledger.document(stream, key),
    documents: (stream, query) => ledger.documents(stream, query),
    streams: () => ledger.streams(),
  };
}
