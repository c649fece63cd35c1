import { operations } from '../../operations/index.ts';
import type { Operation } from '../../operations/operation.ts';
import { pathOf } from '../../operations/path.ts';

/** The operations as a plain list. */
export const operationList = operations as readonly unknown[] as readonly Operation[];

export interface Route {
  readonly method: 'GET' | 'POST';
  readonly path: string;
}

/** Where an operation is found: queries are read with their input in the query string, the rest is sent as JSON. */
export const routeOf = ({ name, kind }: Pick<Operation, 'name' | 'kind'>): Route => ({
  method: kind === 'query' ? 'GET' : 'POST',
  path: pathOf(name),
});
