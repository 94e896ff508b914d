// Mutants of the durable store: its overlays, its batches, what it reads back. Those of the journal
// are planted where the journal is simulated.

import type { Mutant } from './mutant.ts'

const BATCH = 'src/storage/table-batch.ts'
const CHANGES = 'src/storage/changes.ts'
const DURABLE = 'src/storage/durable.ts'
const JOBS = 'src/storage/table-jobs.ts'
const OPENING = 'src/storage/opening.ts'
const OVERLAY = 'src/storage/overlay.ts'
const READ = 'src/storage/table-read.ts'
const SESSION = 'src/storage/session-batch.ts'
const WRITER = 'src/storage/table-writer.ts'

const MODEL = ['test/model/store.test.ts']
const ANOMALIES = ['test/model/store-anomalies.test.ts']
const UNIT = ['src/storage/durable.test.ts']

export const STORAGE_MUTANTS: readonly Mutant[] = [
  {
    name: 'forgets what a failed commit was to write',
    file: DURABLE,
    find: 'this.#commitsFailed += 1',
    replace: 'this.#commitsFailed += this.#frames.splice(0).length',
    tests: ANOMALIES,
  },
  {
    name: 'never holds a commit back for the table',
    file: DURABLE,
    find: 'if (mustWait) this.#held = done',
    replace: 'if (mustWait && this.isCongested) this.#held = done',
    tests: UNIT,
  },
  {
    name: 'takes a shared body away with its first owner',
    file: BATCH,
    find: 'if (this.#shared.count(offset) <= count) this.#batch.del(bodyKey(offset))',
    replace: 'if (this.#shared.count(offset) > 0) this.#batch.del(bodyKey(offset))',
    tests: MODEL,
  },
  {
    name: 'shares the body of an entry that has its own',
    file: BATCH,
    find: 'const isShared = (flags & IS_OWN) === 0 && (this.#owners.get(offset) ?? 0) > 1',
    replace: 'const isShared = (this.#owners.get(offset) ?? 0) > 1',
    tests: MODEL,
  },
  {
    name: 'keeps the body of a copy that was put over a shared one',
    file: JOBS,
    find: 'if (error === undefined) this.#replaced = namesElsewhere(overwritten, keys, values)',
    replace: 'if (error !== undefined) this.#replaced = namesElsewhere(overwritten, keys, values)',
    tests: UNIT,
  },
  {
    name: 'says that the table holds one frame more than it does',
    file: JOBS,
    find: 'meta.position = position',
    replace: 'meta.position = position + 1',
    tests: MODEL,
  },
  {
    name: 'forgets what is in flight in the epoch before',
    file: CHANGES,
    find: 'const before = state.frozen?.flights?.get(packetId)',
    replace: 'const before = state.changes?.flights?.get(packetId)',
    tests: MODEL,
  },
  {
    name: 'keeps the place of a flight whose packet id was reused',
    file: CHANGES,
    find: 'this.reused.add(packetId)',
    replace: 'this.reused.delete(packetId)',
    tests: MODEL,
  },
  {
    name: 'keeps a release over a flight that took its packet id',
    file: SESSION,
    find: 'else if (value === GONE || changes.state.flights?.has(packetId) === true) {',
    replace: 'else if (value === GONE) {',
    tests: MODEL,
  },
  {
    name: 'leaves behind what a session had that ended',
    file: OVERLAY,
    find: 'if (state.bornIn < this.number) this.deadSessions.push(state.id)',
    replace: 'if (state.bornIn > this.number) this.deadSessions.push(state.id)',
    tests: MODEL,
  },
  {
    name: 'reads an entry twice that has just come to the table',
    file: READ,
    find: 'if (this.#captured.puts[this.#nextPut]?.offset === offset) return',
    replace: 'if (this.#captured.puts[this.#nextPut]?.offset === -1) return',
    tests: [...MODEL, 'src/storage/durable.test.ts'],
  },
  {
    name: 'counts queues without what was replayed',
    file: OPENING,
    find: 'for (const state of replay.queues) await index.recount(state)',
    replace: 'for (const state of replay.queues) index.queue(state)',
    tests: MODEL,
  },
  {
    name: 'builds a batch again that had come to the disk',
    file: WRITER,
    find: 'if (batch === meta.batch && batch !== this.meta.batch) {',
    replace: 'if (batch === meta.batch && batch === this.meta.batch) {',
    tests: ANOMALIES,
  },
]
