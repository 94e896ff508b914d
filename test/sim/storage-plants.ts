// Faults of the durable store, and of what is made of it at a restart, that the simulation must
// find. As in plants: one statement changed, and "once real" were found here.

import type { SimPlant } from './plants.ts'

const DURABLE = 'src/storage/durable.ts'
const OPENING = 'src/storage/opening.ts'
const LOAD = 'src/storage/session-load.ts'
const BATCH = 'src/storage/table-batch.ts'
const JOBS = 'src/storage/table-jobs.ts'
const READ = 'src/storage/table-read.ts'
const REPLAY = 'src/storage/record-replay.ts'
const RECOVERY = 'src/session/recovery.ts'

export const STORAGE_PLANTS: readonly SimPlant[] = [
  {
    name: 'says that a commit is done before it is written',
    file: DURABLE,
    find: '    this.#isWriting = true\n',
    replace:
      '    this.#isWriting = true\n' +
      '    const early = this.#done\n    this.#done = undefined\n    early?.(undefined)\n',
  },
  {
    name: 'does not refuse what cannot be kept',
    file: DURABLE,
    find: 'if (trouble === undefined) return undefined',
    replace: 'if (trouble !== null) return undefined',
  },
  {
    name: 'forgets the frame whose write failed',
    file: DURABLE,
    find: '    this.#hasFailed = error !== undefined\n',
    replace:
      '    this.#hasFailed = error !== undefined\n' +
      '    if (error !== undefined) this.#frames.shift()\n',
  },
  {
    name: 'releases segments before the table has what they hold',
    near: 80,
    file: DURABLE,
    find: '    table.write(job)\n',
    replace: '    journal.release(position)\n    table.write(job)\n',
  },
  {
    name: 'does not look at the checksum of a payload',
    near: 54,
    file: 'src/storage/segment.ts',
    find: 'if (isSealed(head, payload, this.#id, this.#at)) {',
    replace: 'if (isSealed(head, payload, this.#id, this.#at) || payload.length > 0) {',
  },
  {
    name: 'takes what an earlier use of a segment left for a frame',
    file: 'src/storage/frame.ts',
    find: 'return (Math.imul(id, 0x9e37_79b1) ^ at) >>> 0',
    replace: 'return (at & ~id) >>> 32',
  },
  {
    name: 'stops at the first segment that ends early',
    file: 'src/storage/recovery.ts',
    find: 'return previous.survey === next.survey || previous.survey.era !== next.previousEra',
    replace: 'return previous.survey === next.survey || previous.survey.era === next.previousEra',
  },
  {
    name: 'counts the owners of a message one too low',
    file: BATCH,
    find: 'if (count > 1) this.#shared.add(offset, count)',
    replace: 'if (count > 1) this.#shared.add(offset, count - 1)',
  },
  {
    name: 'deletes a message that somebody else still has',
    file: BATCH,
    find: 'if (this.#shared.count(offset) <= count) this.#batch.del(bodyKey(offset))',
    replace: 'if (this.#shared.count(offset) > 0) this.#batch.del(bodyKey(offset))',
  },
  {
    name: 'sweeps a message away that the living still have',
    file: JOBS,
    find: 'if (this.#shared.count(offset) <= count) batch.del(bodyKey(offset))',
    replace: 'if (this.#shared.count(offset) > 0) batch.del(bodyKey(offset))',
  },
  {
    name: 'sweeps away a queue that lives',
    file: 'src/storage/overlay.ts',
    find: 'this.deadQueues.push(state.id)',
    replace: 'this.deadQueues.push(state.id + 1)',
  },
  {
    name: 'does not read what is on its way to the table',
    file: READ,
    find: 'for (const changes of [state.frozen, state.changes]) {',
    replace: 'for (const changes of [state.changes]) {',
  },
  {
    name: 'reads what left the queue since it came to the table',
    file: READ,
    find: 'for (const [offset] of changes.gone.beyond(after)) gone.add(offset)',
    replace: 'for (const [offset] of changes.gone.beyond(after)) gone.add(-offset)',
  },
  {
    name: 'reads a queue only as far as the table',
    file: READ,
    find: 'if (isLast) this.#page.takePuts(Number.POSITIVE_INFINITY)',
    replace: 'if (isLast) this.#page.takePuts(0)',
  },
  {
    name: 'says of the table that it holds one frame more',
    file: JOBS,
    find: 'meta.position = position\n',
    replace: 'meta.position = position + 1\n',
  },
  {
    name: 'takes a failed batch for a written one',
    file: 'src/storage/table-writer.ts',
    find: 'if (batch === meta.batch && batch !== this.meta.batch) {',
    replace: 'if (batch !== -1) {',
  },
  {
    name: 'gives offsets out again (once real)',
    near: 228,
    file: OPENING,
    find: 'firstOffset: Math.max(table.meta.reservedBound, Math.ceil(wallMs * 1000)),',
    replace: 'firstOffset: table.meta.reservedBound,',
  },
  {
    name: 'takes the time at which opening began for the present (once real)',
    file: OPENING,
    find: 'const wallMs = Math.max(clock.wall(), table.meta.wallMs)',
    replace: 'const wallMs = Math.max(table.meta.wallMs, 0)',
  },
  {
    name: 'forgets the ids of received messages at a restart',
    file: LOAD,
    find: 'draft.received.push(rest.u16())',
    replace: 'rest.u16()',
  },
  {
    name: 'forgets a PUBREC at a restart',
    file: LOAD,
    find: 'else draft.released.add(packetId)',
    replace: 'else draft.released.delete(packetId)',
  },
  {
    name: 'mixes up what is in flight at a restart',
    file: LOAD,
    find: 'flights.sort((one, other) => one.number - other.number)',
    replace: 'flights.sort((one, other) => other.number - one.number)',
  },
  {
    name: 'drops wills at a restart',
    file: RECOVERY,
    find: '    session.will = will\n',
    replace: '    session.will = expiryS > 0 ? will : undefined\n',
  },
  {
    name: 'does not count the time that it was down',
    near: 456,
    file: RECOVERY,
    find: 'const expiryMs = Math.max(0, endsAtMs - wallMs)',
    replace: 'const expiryMs = Math.max(0, endsAtMs - closedAtMs)',
  },
  {
    name: 'does not know after a restart what a group has in flight',
    file: RECOVERY,
    find: 'this.#sessions.group(group)?.restoreFlight(session, delivery)',
    replace: 'void [session, delivery, group]',
  },
  {
    name: 'empties a group of which something is in flight (once real)',
    near: 514,
    file: RECOVERY,
    find: 'if (delivery.queue === gone) session.own(delivery)',
    replace: 'if (delivery.queue === name) session.own(delivery)',
  },
  {
    name: 'forgets what waits at a restart',
    file: RECOVERY,
    find: 'if (count > 0 || after > 0) session.restoreQueue',
    replace: 'if (count > 3 || after > 0) session.restoreQueue',
  },
  {
    name: 'revives a session that had ended',
    file: REPLAY,
    find: 'return this.#overlay.ended(this.#session())',
    replace: 'return void this.#session()',
  },
  {
    name: 'replays what was taken out of a queue as if it stood there',
    file: REPLAY,
    find: 'this.#overlay.queue(queue).take(this.#reader.ordered(), isOwn)',
    replace: 'void [queue, this.#reader.ordered(), isOwn]',
  },
  {
    name: 'forgets an id that the table has only until a restart',
    file: 'src/storage/changes.ts',
    find: 'before === undefined ? state.received?.has(packetId) === true : before !== GONE',
    replace: 'before !== undefined && state.received?.has(packetId) === true',
  },
]
