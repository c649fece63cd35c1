import fc from 'fast-check';
import {
  DOCUMENT_EVENTS,
  type EventKind,
  type FieldForm,
  type LedgerEvent,
  NUMERIC_EVENTS,
} from '../../../core/ledger/events.ts';

const scaled = fc.maxSafeInteger().map(String);
const anyValue = (form: FieldForm, bits?: number): fc.Arbitrary<unknown> => {
  if (form === 'boolean') return fc.boolean();
  if (form === 'scaled') return scaled;
  if (form === 'integer')
    return bits === undefined ? fc.maxSafeInteger().map((value) => value + 0) : fc.nat(2 ** bits - 1);
  return fc.constantFrom(...form);
};

const cycle = fc.integer({ min: 0, max: 4_102_444_800_000 });

const numeric = Object.entries(NUMERIC_EVENTS as Record<string, EventKind>).map(
  ([kind, { version, packed, words }]) => {
    const fields = [...packed, ...words].map(([name, form, bits]) => [name, anyValue(form, bits)] as const);
    return fc.record({ kind: fc.constant(kind), version: fc.constant(version), cycle, ...Object.fromEntries(fields) });
  },
);

const documents = Object.entries(DOCUMENT_EVENTS).map(([kind, { version }]) =>
  fc.record({
    kind: fc.constant(kind),
    version: fc.constant(version),
    cycle,
    body: fc.dictionary(
      fc.string({ unit: 'grapheme' }),
      fc.oneof(fc.string({ unit: 'grapheme' }), fc.integer(), fc.boolean(), fc.constant(null)),
      { noNullPrototype: true },
    ),
  }),
);

/** Every kind of event, with any values that its fields can hold; not a sequence that makes sense. */
export const EVENTS = [...numeric, ...documents] as readonly fc.Arbitrary<LedgerEvent>[];
export const anyEvent: fc.Arbitrary<LedgerEvent> = fc.oneof(...EVENTS);
