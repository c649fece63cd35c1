import type { Operation } from '../../operations/operation.ts';
import { pathOf } from '../../operations/path.ts';

export interface Route {
  readonly method: 'GET' | 'POST';
  readonly path: string;
}

/** Where an operation is found: queries are read with their input in the query string, the rest is sent as JSON. */
export const routeOf = ({ name, kind }: Pick<Operation, 'name' | 'kind'>): Route => ({
  method: kind === 'query' ? 'GET' : 'POST',
  path: pathOf(name),
});
