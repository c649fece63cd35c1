import { describe, expect, test } from 'vitest';
import { docsPage } from '../../adapters/http/docs-page.ts';
import { openApiDocument } from '../../adapters/http/openapi.ts';
import { operationList, routeOf } from '../../adapters/http/routes.ts';

interface Described {
  readonly operationId: string;
  readonly parameters?: {
    readonly name: string;
    readonly in: string;
    readonly required?: boolean;
    readonly schema: object;
  }[];
  readonly requestBody?: { readonly content: Record<string, { readonly schema: { readonly type: string } }> };
  readonly responses: Record<string, { readonly $ref?: string; readonly description?: string }>;
}

// As a reader gets it.
const document = JSON.parse(JSON.stringify(openApiDocument('1.2.3'))) as {
  readonly openapi: string;
  readonly info: { readonly version: string };
  readonly paths: Record<string, Record<string, Described>>;
};

/** The value that a JSON pointer leads to. */
function resolve(pointer: string): unknown {
  const parts = pointer
    .replace(/^#\//, '')
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  return parts.reduce<unknown>((value, part) => (value as Record<string, unknown> | undefined)?.[part], document);
}

function* referencesIn(value: unknown): Generator<string> {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, member] of Object.entries(value)) {
    if (key === '$ref') yield member as string;
    else yield* referencesIn(member);
  }
}

describe('the OpenAPI document', () => {
  test('is of version 3.1 and describes every operation on its route', () => {
    expect(document.openapi).toBe('3.1.0');
    expect(document.info.version).toBe('1.2.3');
    const described = operationList.map((operation) => {
      const { method, path } = routeOf(operation);
      return document.paths[path]?.[method.toLowerCase()]?.operationId;
    });
    expect(described).toEqual(operationList.map(({ name }) => name));
  });

  test('has no reference that leads nowhere', () => {
    const references = [...new Set(referencesIn(document))];
    expect(references.length).toBeGreaterThan(5);
    expect(references.filter((reference) => resolve(reference) === undefined)).toEqual([]);
  });

  test('gives every operation an id of its own, an answer, and only parameters that can be sent', () => {
    const all = Object.values(document.paths).flatMap((item) => Object.values(item));
    const ids = all.map(({ operationId }) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { operationId, parameters = [], responses } of all) {
      expect(
        Object.keys(responses).some((status) => status.startsWith('2')),
        operationId,
      ).toBe(true);
      expect(
        Object.values(responses).every(({ $ref, description }) => $ref !== undefined || description !== undefined),
      ).toBe(true);
      for (const parameter of parameters) {
        expect(['query', 'header']).toContain(parameter.in);
        expect(parameter.schema).toBeTypeOf('object');
      }
    }
  });

  test('has the inputs: of queries as parameters, of commands as a body', () => {
    const { parameters = [] } = document.paths['/api/bars/list'].get;
    expect(parameters.map(({ name, required }) => [name, required])).toEqual([
      ['account', false],
      ['symbol', true],
      ['limit', false],
    ]);
    const { requestBody } = document.paths['/api/orders/cancel'].post;
    expect(requestBody?.content['application/json'].schema.type).toBe('object');
  });
});

describe('the page to browse it', () => {
  const page = docsPage('1.2.3', '');

  test('shows every operation', () => {
    expect(operationList.filter((operation) => !page.includes(routeOf(operation).path))).toEqual([]);
  });

  test('needs no script and nothing from elsewhere', () => {
    expect(page).not.toMatch(/<script|https?:|\sstyle=|\son\w+=/i);
  });
});
