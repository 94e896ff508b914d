// The durable store of a server that may die at any step: a real DurableStore for each life, on one
// disk and one table that outlive them all. It books what was appended and what was said to be
// durable; after each start what the store brings back must be what the records say up to some
// commit, and no commit that was said to be done may lack. From there the books go on.

import type { Log } from '../../src/core/ports.ts'
import {
  type QueueName,
  type Recovery,
  type Store,
  type StoredDelivery,
  type StoreRecord,
  sessionQueue,
} from '../../src/core/store.ts'
import { DurableStore } from '../../src/storage/durable.ts'
import { FaultyDisk } from '../support/faulty-disk.ts'
import { MemoryKvDisk } from '../support/kv-memory.ts'
import { RecoveredState } from '../support/store-model.ts'
import type { DiskProfile } from './disk-profile.ts'
import type { Life } from './life.ts'
import { RecordModel } from './records.ts'
import { deliveryText, differenceOf, keptLines, standing, stateLines } from './state-text.ts'
import type { StoreBook } from './store.ts'
import type { Chance, World } from './world.ts'

interface Entry {
  readonly index: number
  readonly part: number
  readonly event: number
  readonly atMs: number
  readonly record: StoreRecord
}

/** What a crash took back. */
export interface Rewind {
  /** Whether all that was appended in that part of the run is gone, as if it had never been. */
  readonly isVoid: (part: number) => boolean
  /** All that happened before is durable. */
  readonly durableMs: number
}

/** Pages in which queues are read after a start. */
const PAGE = 7

export class DiskStore implements StoreBook {
  model: RecordModel
  appended = 0
  committed = 0
  queueMax: number = Number.POSITIVE_INFINITY
  readonly disk: FaultyDisk
  readonly table: MemoryKvDisk = new MemoryKvDisk()
  /** The last commit failed, and no write can succeed yet. */
  #hasFailed = false
  /** Called when a batch is about to be written to the table. */
  onTableWrite: (() => void) | undefined
  /** What the stores logged as errors. */
  readonly logged: string[] = []
  readonly #world: World
  readonly #chance: Chance
  readonly #profile: DiskProfile
  readonly #queues = new Set<QueueName>()
  #log: Entry[] = []
  #part = 0
  #partEvent = 0
  /** The last record of each part. */
  readonly #partEnds = new Map<number, number>()
  /** While a start goes on nobody knows yet which records count; those that come wait. */
  #isUnsure = true
  /** How many records there were when the start began, and how many of it are durable. */
  #before = 0
  #earlyCommitted = 0
  #crashedMs = 0

  constructor(world: World, profile: DiskProfile) {
    this.#world = world
    this.#profile = profile
    this.#chance = world.chance('table')
    this.disk = new FaultyDisk({ clock: world.clock, random: world.chance('disk').random })
    this.model = new RecordModel(world)
  }

  /** Names what is done at present: what is appended under one name is durable together. */
  get part(): number {
    if (this.#partEvent !== this.#world.eventId) {
      this.#partEvent = this.#world.eventId
      this.#part += 1
    }
    return this.#part
  }

  /** What must be kept has to be refused. */
  get isFailing(): boolean {
    return this.#hasFailed && this.#isBroken
  }

  get #isBroken(): boolean {
    return this.disk.writeFailuresPerMille === 1000
  }

  /** The power goes; `mount` is next. */
  crash(): void {
    this.disk.crash()
    this.table.crash()
    this.#hasFailed = false
    // What a start appends before all is back only reserves offsets.
    if (this.#isUnsure) this.#log = this.#log.filter(({ index }) => index <= this.#before)
    else this.#crashedMs = this.#world.nowMs
    this.#isUnsure = true
  }

  /** Without a server: opens what is there, and says whether it is what it must be. */
  async check(life: Life): Promise<void> {
    this.#isUnsure = true
    this.#crashedMs = this.#world.nowMs
    let isOver = false
    this.mount(life, () => {}).recover(new RecoveredState(), (error) => {
      isOver = true
      if (error !== undefined) this.#world.violation(`the end cannot be opened: ${error.message}`)
    })
    await this.#world.pass(this.#world.nowMs + 600_000, () => isOver)
    if (!isOver) this.#world.violation('the end is never opened')
  }

  /** The store of one life; `rewound` hears what the crash before took. */
  mount(life: Life, rewound: (rewind: Rewind) => void): Store {
    const inner = this.#create(life)
    return {
      holdsQueues: true,
      get isCongested(): boolean {
        return inner.isCongested
      },
      recover: (into, done) => this.#recover(life, inner, into, done, rewound),
      append: (record) => {
        if (life.isOver) this.#partEnds.set(this.part, Number.POSITIVE_INFINITY)
        else this.#append(inner, record)
      },
      commit: (done) => {
        if (!life.isOver) this.#commit(life, inner, done)
      },
      read: (queue, after, countMax, bytesMax, done) => {
        if (!life.isOver) this.#read(life, inner, queue, after, countMax, bytesMax, done)
      },
      refusal: () => inner.refusal(),
      close: async () => {
        await inner.close()
        this.committed = this.appended
      },
    }
  }

  #create(life: Life): DurableStore {
    const { segmentBytes, bounds, tableMs } = this.#profile
    const note = (event: string, fields?: object): void => {
      this.#world.note(`  store: ${event} ${JSON.stringify(fields ?? {})}`)
      this.logged.push(event)
    }
    const log: Log = { debug: () => {}, info: () => {}, warn: note, error: note }
    const scheduler = {
      defer: (run: () => void) => void this.#world.at(this.#chance.ms(tableMs), run),
    }
    return new DurableStore({
      ...{ disk: this.disk.mount(), kv: this.table.open(scheduler) },
      ...{ clock: life.workClock, scheduler: life.scheduler },
      ...{ log, directory: 'rameau-data', segmentBytes, bounds },
    })
  }

  #append(inner: DurableStore, record: StoreRecord): void {
    const { part } = this
    this.appended += 1
    this.#partEnds.set(part, this.appended)
    this.#world.note(`  append ${this.appended} ${this.model.describe(record)}`)
    const { eventId: event, nowMs: atMs } = this.#world
    this.#log.push({ index: this.appended, part, event, atMs, record })
    if ('queue' in record && record.queue !== undefined) this.#queues.add(record.queue)
    if ('clientId' in record) this.#queues.add(sessionQueue(record.clientId))
    if (!this.#isUnsure) this.model.apply(record, this.appended, event)
    inner.append(record)
  }

  #commit(life: Life, inner: DurableStore, done: (error: Error | undefined) => void): void {
    // What is appended from here on belongs to the next commit, though it be in the same event.
    this.#partEvent = this.#world.eventId
    this.#part += 1
    const upTo = this.appended
    inner.commit((error) => {
      if (life.isOver) return
      this.#hasFailed = error !== undefined && this.#isBroken
      if (error === undefined && this.#isUnsure) this.#earlyCommitted = upTo
      else if (error === undefined) this.committed = upTo
      this.#world.note(`  ${error === undefined ? 'committed' : 'failed to commit'} ${upTo}`)
      done(error)
    })
  }

  #read(
    life: Life,
    inner: DurableStore,
    queue: QueueName,
    after: number,
    countMax: number,
    bytesMax: number,
    done: Parameters<Store['read']>[4],
  ): void {
    const due = this.model.state.read(queue, after, countMax, bytesMax)
    const dueLines = due.found.map(deliveryText)
    inner.read(queue, after, countMax, bytesMax, (error, found, isEnd) => {
      if (life.isOver) return
      const lines = found.map(deliveryText)
      if (error === undefined && (lines.join() !== dueLines.join() || isEnd !== due.isEnd)) {
        const difference = `${differenceOf(lines, dueLines).text}, ${isEnd} instead of ${due.isEnd}`
        this.#world.violation(`${queue} beyond ${after} is read as ${difference}`)
      }
      done(error, found, isEnd)
    })
  }

  #recover(
    life: Life,
    inner: DurableStore,
    into: Recovery,
    done: (error: Error | undefined) => void,
    rewound: (rewind: Rewind) => void,
  ): void {
    if (this.#isUnsure) this.#before = Math.max(this.#before, this.#log.at(-1)?.index ?? 0)
    this.#earlyCommitted = 0
    const seen = new RecoveredState()
    const both: Recovery = {
      begin: (firstOffset, wallMs) => {
        if (life.isOver) return
        if (wallMs < this.#world.clock.wall()) this.#world.violation('the wall clock went back')
        seen.begin(firstOffset, wallMs)
        into.begin(firstOffset, wallMs)
      },
      retained: (message) => {
        seen.retained(message)
        into.retained(message)
      },
      session: (session) => {
        seen.session(session)
        into.session(session)
      },
      group: (name, queue) => {
        seen.group(name, queue)
        into.group(name, queue)
      },
    }
    inner.recover(both, (error) => {
      if (life.isOver) return
      if (error !== undefined) return done(error)
      this.#readAll(life, inner, [...this.#queues], [], (failure, found) => {
        if (failure !== undefined) return done(failure)
        const queues = new Map(found)
        const lines = stateLines(seen.state(standing(queues.keys(), (name) => queues.get(name)!)))
        rewound(this.#rewind(lines, seen.firstOffset))
        done(undefined)
      })
    })
  }

  /** Reads the queues of the names to their ends. */
  #readAll(
    life: Life,
    inner: DurableStore,
    names: QueueName[],
    found: [QueueName, readonly StoredDelivery[]][],
    done: (
      error: Error | undefined,
      found: readonly [QueueName, readonly StoredDelivery[]][],
    ) => void,
  ): void {
    const name = names.pop()
    if (name === undefined) return done(undefined, found)
    const all: StoredDelivery[] = []
    const next = (): void => {
      const after = all.at(-1)?.message.offset ?? -1
      inner.read(name, after, PAGE, 2000, (error, page, isEnd) => {
        if (life.isOver) return
        if (error !== undefined) return done(error, found)
        all.push(...page)
        if (!isEnd) return next()
        found.push([name, all])
        this.#readAll(life, inner, names, found, done)
      })
    }
    next()
  }

  #isEmptied(name: QueueName): boolean {
    return this.#log.some(
      ({ index, record }) =>
        index > this.#before && record.kind === 'emptied' && record.queue === name,
    )
  }

  /** Finds the commit that the store came back with, and forgets all that was appended after it. */
  #rewind(lines: readonly string[], firstOffset: number): Rewind {
    const before = this.#before
    const model = new RecordModel(this.#world)
    model.queueMax = this.queueMax
    const found = lines.join('\n')
    let at = 0
    const replay = (upTo: number): void => {
      for (; at < this.#log.length && this.#log[at]!.index <= upTo; at++) {
        const { record, index, event } = this.#log[at]!
        model.apply(record, index, event, true)
      }
    }
    replay(this.committed)
    // A group that has lost its members is emptied while all comes back.
    const names = [...this.#queues].filter((name) => !this.#isEmptied(name))
    let due = keptLines(model.state, names)
    let difference = differenceOf(lines, due)
    while (due.join('\n') !== found) {
      const part = this.#log[at]?.part
      if (part === undefined || this.#log[at]!.index > before) {
        this.#world.violation(`after a crash: ${difference.text}`)
        break
      }
      replay(this.#partEnds.get(part) ?? before)
      due = keptLines(model.state, names)
      const other = differenceOf(lines, due)
      if (other.at > difference.at) difference = other
    }
    if (firstOffset < model.state.bound) {
      this.#world.violation(`offsets begin at ${firstOffset}, ${model.state.bound} were reserved`)
    }
    const kept = this.#log[at - 1]?.index ?? 0
    const old = this.#log.slice(at).filter(({ index }) => index <= before)
    this.#world.note(`  ${kept} of ${before} records are back, ${old.length} are not`)
    const early = this.#log.slice(at + old.length)
    this.#log.length = at
    this.committed = Math.max(before, this.#earlyCommitted)
    this.model = model
    this.#isUnsure = false
    for (const entry of early) {
      this.#log.push(entry)
      model.apply(entry.record, entry.index, entry.event)
    }
    return {
      isVoid: (part) => (this.#partEnds.get(part) ?? 0) > kept,
      durableMs: Math.min(this.#crashedMs, old[0]?.atMs ?? Number.POSITIVE_INFINITY),
    }
  }
}
