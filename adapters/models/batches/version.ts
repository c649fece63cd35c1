/** The version of a batch: rows of other settings, or of other code, never stand beside each other. */
import { hash } from 'node:crypto';
import { canonicalJson } from '../../../core/json.ts';
import { type Batch, rowsFollowFrom } from '../../../core/models/batch/definition.ts';
import { pythonCodeHash } from '../../python/code-hash.ts';

const DIGITS = 16;

/**
 * 16 hex digits: the hash of what the rows follow from, and of the code that makes them.
 * @param code SHA-256 of the Python package, hex
 */
export const batchVersion = (batch: Batch, code = pythonCodeHash()): string =>
  hash('sha256', canonicalJson({ ...rowsFollowFrom(batch), code })).slice(0, DIGITS);
