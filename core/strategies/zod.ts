/**
 * The part of zod that declares parameters. Not the whole of it: a bundle that names zod's own `z` carries its messages in
 * every language, some 380 kB.
 */
export {
  array,
  boolean,
  enum,
  type infer,
  type input,
  int,
  literal,
  nullable,
  number,
  object,
  optional,
  type output,
  record,
  strictObject,
  string,
  tuple,
  union,
} from 'zod';
