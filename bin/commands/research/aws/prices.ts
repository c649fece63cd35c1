/** What AWS asks for what a sweep uses, in US dollars without tax and free allowances. */
import { readFile } from 'node:fs/promises';
import * as z from 'zod';
import { PlimsollError } from '../../../../core/errors.ts';

const price = z.number().min(0).max(1_000);

const pricesSchema = z.strictObject({
  /** Where and when these are asked, for people. */
  region: z.string().min(1).max(40),
  asOf: z.string().min(1).max(40),
  /** Lambda on ARM: a second of a gigabyte (2^30 bytes). */
  lambdaGbSecond: price,
  lambdaMillionRequests: price,
  /** Step Functions, standard workflows. */
  thousandTransitions: price,
  /** S3, standard: PUT and LIST; GET; a month of a gigabyte. */
  s3ThousandPuts: price,
  s3ThousandGets: price,
  s3GbMonth: price,
  /** CloudWatch Logs, taking a gigabyte in. */
  logsGb: price,
});
export type Prices = z.infer<typeof pricesSchema>;

/**
 * List prices of us-east-1 as others quote them; nothing here asks AWS, and other regions ask other prices. Lambda on ARM and its
 * requests: cloudchipr.com/blog/aws-lambda-pricing (2024). Step Functions: wring.co/blog/aws-step-functions-pricing-guide (2026-03-14).
 * S3: cloudburn.io/blog/amazon-s3-pricing (2026-03-13) and c3x.dev/blog/s3-request-fees-explained. CloudWatch Logs:
 * factualminds.com/blog/amazon-cloudwatch-pricing-metrics-logs-alarms-dashboards (2026-06-13).
 */
export const PRICES: Prices = {
  region: 'us-east-1',
  asOf: 'June 2026, as quoted by others',
  lambdaGbSecond: 0.0000133334,
  lambdaMillionRequests: 0.2,
  thousandTransitions: 0.025,
  s3ThousandPuts: 0.005,
  s3ThousandGets: 0.0004,
  s3GbMonth: 0.023,
  logsGb: 0.5,
};

/** Those of a file, which takes the place of all of {@link PRICES}; throws `SWEEP_PRICES_INVALID`. */
export async function pricesOf(file: string | undefined): Promise<Prices> {
  if (file === undefined) return PRICES;
  const invalid = (why: string): PlimsollError =>
    new PlimsollError(
      'SWEEP_PRICES_INVALID',
      `the prices of --prices cannot be used (${why})`,
      `write all of ${Object.keys(PRICES).join(', ')} as one JSON object`,
      { kept: 'nothing was started' },
    );
  let value: unknown;
  try {
    value = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw invalid(error instanceof SyntaxError ? 'it is not JSON' : 'there is no such file');
  }
  const parsed = pricesSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw invalid([...issue.path, issue.message].join(': '));
}
