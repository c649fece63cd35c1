/**
 * Stands in for `hyparquet-writer` in the bundle of a function that only reads the lake: the writer is 53 kB that never run there.
 */

const absent = (): never => {
  throw new Error('this bundle writes no Parquet');
};

export const schemaFromColumnData = absent;

export class ByteWriter {
  constructor() {
    absent();
  }
}

export class ParquetWriter {
  constructor() {
    absent();
  }
}
