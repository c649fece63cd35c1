/** Schedule → bucket: writes the moment's object, and only once. */

import { PutObjectCommand, S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import * as z from 'zod/mini';

const Tick = z.strictObject({ key: z.string() });
const bucket = new S3Client({});

export const handler = async (event: unknown): Promise<void> => {
  const { key } = Tick.parse(event);
  await put(key, 'first');
  await put(key, 'second').catch((problem) => {
    if (!(problem instanceof S3ServiceException && problem.name === 'PreconditionFailed')) throw problem;
  });
};

const put = (Key: string, Body: string) =>
  bucket.send(new PutObjectCommand({ Bucket: process.env.BUCKET_NAME, Key, Body, IfNoneMatch: '*' }));
