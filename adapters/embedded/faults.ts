/** The named gaps between two writes. A crash test kills the process in one of them; nothing else passes a fault point. */
export const FAULT_POINTS = [
  'ledger.begun',
  'ledger.events-written',
  'ledger.document-written',
  'ledger.committed',
  'queue.sent',
  'queue.received',
  'queue.acknowledged',
  'queue.released',
  'schedule.handled',
  'schedule.settled',
  'objects.file-written',
  'objects.named',
  'secrets.file-written',
  'worker.received',
  'worker.handled',
] as const;
export type FaultPointName = (typeof FAULT_POINTS)[number];

/** Called in every gap; does nothing in a real run. */
export type FaultPoint = (name: FaultPointName) => void;

export const noFault: FaultPoint = () => undefined;
