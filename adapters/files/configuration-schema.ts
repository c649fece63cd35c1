/** Looking around in the configuration's schema: which keys there are at a place, and what is expected there. */
import type * as z from 'zod';
import type { Path } from './configuration-layers.ts';

type Schema = z.core.$ZodType;
type Definition = {
  readonly type: string;
  readonly innerType?: Schema;
  readonly shape?: Readonly<Record<string, Schema>>;
  readonly valueType?: Schema;
  readonly element?: Schema;
  readonly options?: readonly Schema[];
  readonly discriminator?: string;
  readonly values?: readonly unknown[];
};

const definitionOf = (schema: Schema): Definition => schema._zod.def as unknown as Definition;

/** Without its defaults and optionality; of alternatives, the one that `value` says it is. */
function plain(schema: Schema, value: unknown): Schema {
  const { innerType, options, discriminator } = definitionOf(schema);
  if (innerType) return plain(innerType, value);
  if (!options || discriminator === undefined) return schema;
  const said = (value as Record<string, unknown> | undefined)?.[discriminator];
  const fits = options.find((option) => {
    const literal = definitionOf(option).shape?.[discriminator];
    return literal !== undefined && definitionOf(literal).values?.includes(said);
  });
  return fits ?? schema;
}

function inside(schema: Schema, key: string | number, value: unknown): Schema | undefined {
  const { shape, valueType, element } = definitionOf(plain(schema, value));
  return typeof key === 'number' ? element : shape ? (Object.hasOwn(shape, key) ? shape[key] : undefined) : valueType;
}

function schemaAt(schema: Schema, path: Path, value: unknown): { schema: Schema; value: unknown } | undefined {
  let at = { schema, value };
  for (const key of path) {
    const next = inside(at.schema, key, at.value);
    if (!next) return undefined;
    at = { schema: next, value: (at.value as Record<string | number, unknown> | undefined)?.[key] };
  }
  return { schema: plain(at.schema, at.value), value: at.value };
}

/** The keys that are known at a place. */
export function keysAt(schema: Schema, path: Path, value: unknown): string[] {
  const at = schemaAt(schema, path, value);
  return at ? Object.keys(definitionOf(at.schema).shape ?? {}) : [];
}

/**
 * The path that words in any case stand for: `MAX_CATCH_UP` and `MAXCATCHUP` are `maxCatchUp`, a number is a place in a list,
 * and names of one's own (of a venue, a universe) are those that `value` has.
 */
export function matchKeys(
  schema: Schema,
  words: readonly string[],
  value: unknown,
): { path: Path } | { unknown: string; known: string[] } {
  const path: (string | number)[] = [];
  for (const word of words) {
    const at = schemaAt(schema, path, value)!;
    const known = candidates(at.schema, at.value);
    const key = known.find((candidate) => folded(String(candidate)) === folded(word));
    if (key === undefined) return { unknown: word, known: known.map(String) };
    path.push(key);
  }
  return { path };
}

function candidates(schema: Schema, value: unknown): (string | number)[] {
  const { shape, valueType, element } = definitionOf(schema);
  if (shape) return Object.keys(shape);
  if (element) return Array.isArray(value) ? [...value.keys()] : [];
  return valueType && typeof value === 'object' && value !== null ? Object.keys(value) : [];
}

const folded = (word: string): string => word.toLowerCase().replace(/[_-]/g, '');

/** In words, what an issue says was expected. */
export function wantedAt(issue: z.core.$ZodIssue, schema: Schema, value: unknown): string {
  switch (issue.code) {
    case 'invalid_type':
      return WORDS[issue.expected] ?? issue.expected;
    case 'invalid_value':
      return oneOf(issue.values);
    case 'too_small':
      return `${issue.origin === 'array' ? 'a list of' : 'a value of'} ${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}`;
    case 'too_big':
      return `${issue.origin === 'array' ? 'a list of' : 'a value of'} ${issue.inclusive === false ? 'less than' : 'at most'} ${issue.maximum}`;
    case 'invalid_union':
      return unionWords(issue, schema, value);
    default:
      return issue.message.replace(/^use |^write /, '');
  }
}

const WORDS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a group of keys',
  record: 'a group of named entries',
};

function unionWords(issue: z.core.$ZodIssue & { code: 'invalid_union' }, schema: Schema, value: unknown): string {
  const parent = issue.path.slice(0, -1) as Path;
  const at = schemaAt(schema, parent, value);
  const { options = [], discriminator } = at ? definitionOf(at.schema) : {};
  if (discriminator === undefined) return 'another value';
  return oneOf(options.flatMap((option) => definitionOf(definitionOf(option).shape![discriminator]).values ?? []));
}

function oneOf(values: readonly unknown[]): string {
  const quoted = values.map((value) => JSON.stringify(value));
  return quoted.length === 1 ? quoted[0] : `${quoted.slice(0, -1).join(', ')} or ${quoted[quoted.length - 1]}`;
}
