import { expect, it } from 'vitest';
import { JOB_QUEUE_VARIABLE, jobOfMessage, jobQueueUrl } from '../../../adapters/jobs/job-queue.ts';

const ID = '0123456789abcdef01234567';

it('reads the id of a job from its message', () => {
  expect(jobOfMessage(JSON.stringify({ job: ID }))).toBe(ID);
});

it.each(['', 'tomorrow', '{}', '{"job":"../account"}', `{"job":"${ID}","as":"root"}`])(
  'refuses a message that names no job: %s',
  (body) => expect(() => jobOfMessage(body)).toThrow(expect.objectContaining({ code: 'QUEUE_MESSAGE_MALFORMED' })),
);

it('names the variable that a function lacks', () => {
  expect(() => jobQueueUrl({})).toThrow(JOB_QUEUE_VARIABLE);
  expect(jobQueueUrl({ [JOB_QUEUE_VARIABLE]: 'https://queue.example' })).toBe('https://queue.example');
});
