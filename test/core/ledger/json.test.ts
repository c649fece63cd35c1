import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalJson, copyOfPlain, fromCheckpointJson, type Json, toCheckpointJson } from '../../../core/json.ts';

describe('canonical JSON', () => {
  test('is that of RFC 8785, section 3.2.2', () => {
    const value = {
      numbers: [Number('333333333.33333329'), 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
      string: '\u20ac$\u000F\u000aA\'\u0042\u0022\u005c\\"/',
      literals: [null, true, false],
    };
    expect(canonicalJson(value)).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
  });

  test('sorts members by their UTF-16 code units, as in section 3.2.3', () => {
    const value = {
      '\u20ac': 'Euro Sign',
      '\r': 'Carriage Return',
      '\ufb33': 'Hebrew Letter Dalet With Dagesh',
      '1': 'One',
      '\ud83d\ude00': 'Emoji: Grinning Face',
      '\u0080': 'Control',
      '\u00f6': 'Latin Small Letter O With Diaeresis',
    };
    expect(Object.values(JSON.parse(canonicalJson(value)) as object)).toHaveLength(7);
    const order = [...canonicalJson(value).matchAll(/:"([^"]*)"/g)].map(([, text]) => text);
    expect(order).toEqual([
      'Carriage Return',
      'One',
      'Control',
      'Latin Small Letter O With Diaeresis',
      'Euro Sign',
      'Emoji: Grinning Face',
      'Hebrew Letter Dalet With Dagesh',
    ]);
  });

  test('writes the numbers of appendix B', () => {
    const samples: [number, string][] = [
      [0, '0'],
      [-0, '0'],
      [5e-324, '5e-324'],
      [1.7976931348623157e308, '1.7976931348623157e+308'],
      [9007199254740992, '9007199254740992'],
      [295147905179352830000, '295147905179352830000'],
      [9.999999999999997e22, '9.999999999999997e+22'],
      [1e23, '1e+23'],
      [999999999999999700000, '999999999999999700000'],
      [1e21, '1e+21'],
      [9.999999999999997e-7, '9.999999999999997e-7'],
      [0.000001, '0.000001'],
      [333333333.33333325, '333333333.33333325'],
      [1424953923781206.2, '1424953923781206.2'],
    ];
    for (const [number, text] of samples) expect(canonicalJson(number)).toBe(text);
  });

  test('does not depend on the order in which members were made', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const turned = Object.fromEntries(Object.entries(value).reverse());
        expect(canonicalJson(turned)).toBe(canonicalJson({ ...value }));
        expect(JSON.parse(canonicalJson({ ...value }))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
      { numRuns: 200, seed: 3 },
    );
  });

  test('writes every text as ECMAScript quotes it, halves of characters and names of members included', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: fc.constantFrom('\ud800', '\udfff', '"', '\\', 'a', '\u0000', '\u2028') }),
    );
    fc.assert(
      fc.property(text, (value) => {
        expect(canonicalJson(value)).toBe(JSON.stringify(value));
        expect(canonicalJson({ [`x${value}`]: [value] })).toBe(JSON.stringify({ [`x${value}`]: [value] }));
      }),
      { numRuns: 150, seed: 5 },
    );
  });

  test('leaves out members that are undefined', () => {
    expect(canonicalJson({ b: undefined, a: { c: undefined }, d: [] })).toBe('{"a":{},"d":[]}');
  });

  test('refuses what JSON cannot hold', () => {
    for (const value of [
      Number.NaN,
      Number.POSITIVE_INFINITY,
      undefined,
      [undefined],
      () => 1,
      1n,
      new Date(0),
      new Map(),
    ]) {
      expect(() => canonicalJson(value)).toThrow(expect.objectContaining({ code: 'JSON_NOT_CANONICAL' }));
    }
  });
});

describe('the checkpoint codec', () => {
  const number = fc.oneof(
    fc.double(),
    fc.integer(),
    fc.constantFrom(Number.NaN, -0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
  );
  const { state } = fc.letrec((tie) => ({
    state: fc.oneof(
      { maxDepth: 4 },
      number,
      fc.string(),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie('state'), { maxLength: 4 }),
      fc.dictionary(fc.oneof(fc.string(), fc.constantFrom('$', '$$', '$$$', '$a')), tie('state'), {
        maxKeys: 4,
        noNullPrototype: true,
      }),
    ),
  }));

  test('brings any plain data back through JSON, NaN, -0 and infinities included', () => {
    fc.assert(
      fc.property(state, (value) => {
        const read = fromCheckpointJson(JSON.parse(JSON.stringify(toCheckpointJson(value))) as Json);
        expect(read).toStrictEqual(value);
      }),
      { numRuns: 500, seed: 4 },
    );
  });

  test('keeps members whose names start with the mark of its own', () => {
    for (const value of [{ $: 'NaN' }, { $$: 1 }, { $: Number.NaN, $$: -0 }]) {
      expect(fromCheckpointJson(JSON.parse(JSON.stringify(toCheckpointJson(value))) as Json)).toStrictEqual(value);
    }
  });

  test('reads what others hold without changing it', () => {
    fc.assert(
      fc.property(state, (value) => {
        const text = JSON.stringify(toCheckpointJson(value));
        expect(fromCheckpointJson(frozen(JSON.parse(text) as Json))).toStrictEqual(value);
      }),
      { numRuns: 300, seed: 6 },
    );
  });

  test('returns what stands for itself as it is, and copies the way to what does not', () => {
    const same: Json = { list: [1, { a: 'text' }] };
    expect(fromCheckpointJson(same)).toBe(same);
    const other = { kept: { a: 1 }, changed: { b: [{ $: 'NaN' }] } };
    const read = fromCheckpointJson(other) as typeof other;
    expect(read).toStrictEqual({ kept: { a: 1 }, changed: { b: [Number.NaN] } });
    expect(read.kept).toBe(other.kept);
    expect(other.changed.b).toEqual([{ $: 'NaN' }]);
  });

  test('makes JSON that shares nothing with what it is made from', () => {
    const value = { list: [{ a: 1 }], column: new Float64Array([1, -0]) };
    const made = toCheckpointJson(value) as { list: { a: number }[] };
    value.list[0].a = 2;
    expect(made).toEqual({ list: [{ a: 1 }], column: [1, { $: '-0' }] });
  });

  test('leaves out members that are undefined, and keeps the order of the others', () => {
    expect(JSON.stringify(toCheckpointJson({ z: 1, b: undefined, a: { c: undefined } }))).toBe('{"z":1,"a":{}}');
  });

  test('keeps a member that is named __proto__ as one of its own', () => {
    const value = JSON.parse('{"__proto__":{"a":1},"b":{"__proto__":[{"$":"NaN"}]}}') as Json;
    for (const read of [fromCheckpointJson(value), copyOfPlain(fromCheckpointJson(value))] as { b: object }[]) {
      expect(Object.keys(read)).toEqual(['__proto__', 'b']);
      expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
      expect(JSON.stringify(toCheckpointJson(read))).toBe(JSON.stringify(value));
    }
  });

  test('refuses what is not plain data', () => {
    for (const value of [new Map(), new Date(0), () => 1, 1n, { inner: new Set() }, Symbol('x')]) {
      expect(() => toCheckpointJson(value)).toThrow(expect.objectContaining({ code: 'CHECKPOINT_NOT_PLAIN' }));
    }
  });
});

test('a copy of plain data is equal, and shares nothing', () => {
  const value = { list: [{ a: -0 }], none: null, text: 'x' };
  const copy = copyOfPlain(value);
  expect(copy).toStrictEqual(value);
  copy.list[0].a = 1;
  expect(value.list[0].a).toBe(-0);
});

function frozen(value: Json): Json {
  if (value !== null && typeof value === 'object') for (const each of Object.values(value)) frozen(each as Json);
  return Object.freeze(value);
}
