/** Run as a process of its own: does one job on a data directory beside whoever runs the platform there. */
import { openEmbedded } from '../../adapters/embedded/embedded.ts';
import { openLane } from './lane.ts';

const [directory, key] = process.argv.slice(2);
const embedded = openEmbedded({ directory, role: 'visitor' });
const lane = openLane(directory, embedded.ledger);
await lane.jobs.start('work', null, key);
await lane.idle();
await lane.close();
await embedded.close();
