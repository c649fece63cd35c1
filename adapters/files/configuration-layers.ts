/** Layers of a configuration, one over the other, and which of them each value came from. */
import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import { PlimsollError } from '../../core/errors.ts';

/** Where a value came from. */
export type Origin =
  | { readonly kind: 'default' }
  | { readonly kind: 'file'; readonly file: string; readonly line?: number }
  | { readonly kind: 'variable'; readonly variable: string };

export type Path = readonly (string | number)[];

/** A file's content with the line of every key, or the one value that a variable sets. */
export type Layer =
  | {
      readonly kind: 'file';
      readonly file: string;
      readonly value: unknown;
      readonly lines: ReadonlyMap<string, number>;
    }
  | { readonly kind: 'variable'; readonly variable: string; readonly path: Path; readonly value: unknown };

const DEFAULT: Origin = { kind: 'default' };
/** Aliases that a file may expand to: more is an attack on memory. */
const MAX_ALIASES = 100;

/** Objects are joined key by key; everything else is replaced by the later layer. */
export class Layers {
  #value: unknown = {};
  readonly #places = new Map<string, Origin>();

  get value(): unknown {
    return this.#value;
  }

  add(layer: Layer): void {
    if (layer.kind === 'file') {
      this.#value = this.#join(this.#value, layer.value, [], (path) => ({
        kind: 'file',
        file: layer.file,
        line: layer.lines.get(pathText(path)),
      }));
      return;
    }
    this.#value = this.#set(this.#value, layer, 0);
  }

  /** What all layers together say under a path. */
  at(path: Path): unknown {
    return path.reduce<unknown>(
      (value, key) => (isContainer(value) ? (value as Record<string | number, unknown>)[key] : undefined),
      this.#value,
    );
  }

  /** Where what is under a path was written, or what it lies in. */
  placeOf(path: Path): Origin | undefined {
    for (let length = path.length; length > 0; length--) {
      const place = this.#places.get(pathText(path.slice(0, length)));
      if (place) return place;
    }
    return undefined;
  }

  /** Every value of a configuration made from these layers, with its origin. */
  originsOf(configuration: unknown): Map<string, { value: unknown; origin: Origin }> {
    const origins = new Map<string, { value: unknown; origin: Origin }>();
    for (const { path, value } of leaves(configuration, [])) {
      const text = pathText(path);
      origins.set(text, { value, origin: this.#places.get(text) ?? DEFAULT });
    }
    return origins;
  }

  #join(base: unknown, layer: unknown, path: Path, origin: (path: Path) => Origin): unknown {
    if (path.length > 0) this.#places.set(pathText(path), origin(path));
    if (!isObject(layer) || !isObject(base)) {
      this.#forget(path);
      this.#remember(layer, path, origin);
      return layer;
    }
    const joined: Record<string, unknown> = { ...base };
    for (const [key, value] of Object.entries(layer)) {
      const inner = [...path, key];
      joined[key] = Object.hasOwn(base, key)
        ? this.#join(base[key], value, inner, origin)
        : this.#new(value, inner, origin);
    }
    return joined;
  }

  #new(value: unknown, path: Path, origin: (path: Path) => Origin): unknown {
    this.#remember(value, path, origin);
    return value;
  }

  #set(base: unknown, layer: Layer & { kind: 'variable' }, depth: number): unknown {
    if (depth === layer.path.length) {
      this.#forget(layer.path);
      this.#remember(layer.value, layer.path, () => ({ kind: 'variable', variable: layer.variable }));
      return layer.value;
    }
    const key = layer.path[depth];
    if (Array.isArray(base)) return base.map((value, k) => (k === key ? this.#set(value, layer, depth + 1) : value));
    const object = isObject(base) ? base : {};
    return { ...object, [key]: this.#set(object[key], layer, depth + 1) };
  }

  #remember(value: unknown, path: Path, origin: (path: Path) => Origin): void {
    if (path.length > 0) this.#places.set(pathText(path), origin(path));
    if (!isContainer(value)) return;
    for (const [key, inner] of Object.entries(value))
      this.#remember(inner, [...path, Array.isArray(value) ? Number(key) : key], origin);
  }

  #forget(path: Path): void {
    const prefix = pathText(path);
    for (const known of this.#places.keys()) {
      if (known.startsWith(prefix) && known !== prefix) this.#places.delete(known);
    }
  }
}

/** A YAML file as a layer. Throws `CONFIGURATION_INVALID` with the line. */
export function yamlLayer(file: string, text: string): Layer {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter });
  const [error] = document.errors;
  if (error) {
    const { line } = lineCounter.linePos(error.pos[0]);
    const said = error.message.split(/ at line \d/)[0];
    throw new PlimsollError('CONFIGURATION_INVALID', `${file}:${line} is not YAML (${said})`, 'correct that line', {
      cause: error,
    });
  }
  const lines = new Map<string, number>();
  collectLines(document.contents, [], (path, offset) => lines.set(pathText(path), lineCounter.linePos(offset).line));
  return { kind: 'file', file, value: contentOf(document, file), lines };
}

function contentOf(document: ReturnType<typeof parseDocument>, file: string): unknown {
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: MAX_ALIASES }) ?? {};
  } catch (cause) {
    throw new PlimsollError(
      'CONFIGURATION_INVALID',
      `${file} cannot be read (${(cause as Error).message})`,
      'write its values without so many aliases',
      { cause },
    );
  }
  if (isObject(value)) return value;
  throw new PlimsollError(
    'CONFIGURATION_INVALID',
    `${file} holds no keys`,
    'start from the plimsoll.yaml that comes with the platform',
  );
}

function collectLines(node: Node | null, path: Path, found: (path: Path, offset: number) => void): void {
  if (isMap(node)) {
    for (const { key, value } of node.items) {
      if (!isScalar(key)) continue;
      const inner = [...path, String(key.value)];
      found(inner, key.range?.[0] ?? 0);
      collectLines(value as Node | null, inner, found);
    }
  } else if (isSeq(node)) {
    node.items.forEach((item, k) => {
      found([...path, k], (item as Node).range?.[0] ?? 0);
      collectLines(item as Node, [...path, k], found);
    });
  }
}

/** As in `accounts[0].cash`; a name that holds dots or slashes is quoted. */
export function pathText(path: Path): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key}]`;
    const word = /^[\w-]+$/.test(key) ? key : JSON.stringify(key);
    return text === '' ? word : `${text}.${word}`;
  }, '');
}

/** `plimsoll.yaml:12`, `PLIMSOLL_SERVER__PORT` or `default`. */
export function originText(origin: Origin): string {
  if (origin.kind === 'default') return 'default';
  if (origin.kind === 'variable') return origin.variable;
  return origin.line === undefined ? origin.file : `${origin.file}:${origin.line}`;
}

function* leaves(value: unknown, path: Path): Generator<{ path: Path; value: unknown }> {
  const inner = isContainer(value) ? Object.entries(value) : [];
  if (inner.length === 0) {
    if (value !== undefined) yield { path, value };
    return;
  }
  for (const [key, item] of inner) yield* leaves(item, [...path, Array.isArray(value) ? Number(key) : key]);
}

const isContainer = (value: unknown): value is object => typeof value === 'object' && value !== null;
const isObject = (value: unknown): value is Record<string, unknown> => isContainer(value) && !Array.isArray(value);
