/** What became of a model by itself, in the object store: `model-lifecycles/NAME/…`. */
import {
  type Lifecycle,
  type LifecycleEntry,
  lifecycleAfter,
  lifecycleEntryIn,
  NEW_LIFECYCLE,
} from '../../../core/models/monitoring/lifecycle.ts';
import type { ObjectStore } from '../../../core/ports/object-store.ts';
import { NumberedList } from './numbered-list.ts';

export type LifecycleList = NumberedList<LifecycleEntry, Lifecycle>;

/** @param name of the model, as the registry takes it */
export const lifecycleList = (objects: ObjectStore, name: string): LifecycleList =>
  new NumberedList<LifecycleEntry, Lifecycle>(objects, {
    prefix: `model-lifecycles/${name}/`,
    what: `the lifecycle of the model "${name}"`,
    entryIn: lifecycleEntryIn,
    empty: NEW_LIFECYCLE,
    after: lifecycleAfter,
    carried: (state) => ({ kind: 'carried', state }),
  });
