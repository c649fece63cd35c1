import { PlimsollError } from '../../core/errors.ts';
import type { EuropeanOption } from '../../core/options/option.ts';
import { type OptionQuote, type QuotedBy, quoteOption } from '../../core/options/quote.ts';
import type { OperationContext } from '../operation.ts';

export default async function price(_: OperationContext, input: EuropeanOption & QuotedBy): Promise<OptionQuote> {
  try {
    return quoteOption(input, input);
  } catch (error) {
    throw error instanceof PlimsollError ? asInput(error) : error;
  }
}

/** A calculator has nothing but its input: what it refuses is the caller's to correct. */
const asInput = ({ message, remedy }: PlimsollError): PlimsollError =>
  new PlimsollError('OPERATION_INPUT_INVALID', message, remedy);
