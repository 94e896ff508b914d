// The journal against a list of frames: random writes, failures, releases, closings and power cuts
// at any operation of the disk. What was acknowledged comes back, whole and in order.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Random, seededRandom } from '../../src/base/random.ts'
import { DiskError } from '../../src/storage/disk.ts'
import { FaultyDisk } from '../support/faulty-disk.ts'
import {
  type JournalLife,
  openLife,
  SEGMENT_BYTES,
  settled,
  write,
} from '../support/journal-life.ts'
import { VirtualClock } from '../support/virtual-clock.ts'

const LIVES = 6
const STEPS_MAX = 40
const SEEDS = process.env['RAMEAU_FULL'] === '1' ? 5000 : 150

/** What must be there: the model. */
class Ledger {
  /** By position - 1; the payload of each frame whose write was done. */
  readonly written: string[] = []
  /** All attempts at each position in this life; any of them may be the journal's last frame. */
  readonly attempts = new Map<number, string[]>()
  released = 0
  /** Positions up to this one are durable. */
  durable = 0

  check({ replayed, report, journal }: JournalLife, after: number): void {
    assert.deepEqual(report.damages, [])
    let next = after + 1
    const last = replayed.at(-1)?.position ?? after
    for (const { position, payload } of replayed) {
      assert.equal(position, next++)
      const isLoose = position === last && position > this.durable
      const attempts = isLoose ? this.attempts.get(position) : undefined
      const expected = attempts ?? [this.written[position - 1]]
      assert.ok(expected.includes(payload), `frame ${position} is another`)
    }
    assert.ok(last >= this.durable, `${last} came back, ${this.durable} were durable`)
    assert.equal(journal.position, last)
    // What came back is what is, from now on.
    this.written.length = Math.min(this.written.length, last)
    const end = replayed.at(-1)
    if (end !== undefined) this.written[end.position - 1] = end.payload
    assert.equal(this.written.length, last)
    this.durable = last
    this.attempts.clear()
  }

  /** What to write next: after a failure the same again, or more. */
  attempt(addition: string): string {
    const position = this.written.length + 1
    const attempts = this.attempts.get(position) ?? []
    const payload = (attempts.at(-1) ?? '') + addition
    this.attempts.set(position, [...attempts, payload])
    return payload
  }
}

function payloadOf(random: Random): string {
  const kind = random.below(20)
  const bytes =
    kind === 0 ? SEGMENT_BYTES + random.below(9000) : random.below(kind < 5 ? 4000 : 300)
  return random.id(Math.min(bytes, 24)).padEnd(bytes, random.id(7))
}

async function live(
  random: Random,
  clock: VirtualClock,
  disk: FaultyDisk,
  ledger: Ledger,
  durability: 'commit' | 'relaxed',
): Promise<void> {
  let isDead = false
  disk.writeFailuresPerMille = random.below(3) === 0 ? 30 : 0
  // With `relaxed` a sync that fails has lost what was acknowledged; that has a test of its own.
  disk.syncFailuresPerMille = durability === 'commit' ? disk.writeFailuresPerMille : 0
  const after = ledger.released + random.below(ledger.durable - ledger.released + 1)
  const mounted = disk.mount()
  if (random.below(3) > 0) {
    disk.crashAt(disk.acts + 1 + random.below(60), () => {
      isDead = true
    })
  }
  let life: JournalLife | undefined
  try {
    life = await openLife(clock, mounted, { after, durability, syncMs: 20 }, () => isDead)
  } catch (error) {
    // With `relaxed` an opening may have to erase; it may fail, and the next one goes on.
    if (durability === 'commit' || !(error instanceof DiskError)) throw error
    disk.crash()
    return
  }
  if (life === undefined) return
  ledger.check(life, after)
  const { journal } = life
  const steps = random.below(STEPS_MAX)
  for (let step = 0; step < steps && !isDead; step++) {
    const kind = random.below(12)
    if (kind === 0) {
      ledger.released += random.below(journal.durablePosition - ledger.released + 1)
      journal.release(ledger.released)
    } else if (kind === 1) {
      clock.advance(random.below(50))
    } else if (kind === 2) {
      disk.capacityBytes = random.below(2) === 0 ? disk.usedBytes : Number.POSITIVE_INFINITY
    } else {
      const payload = ledger.attempt(payloadOf(random))
      const error = await settled(clock, write(journal, payload), () => isDead)
      if (!isDead && error === undefined) {
        ledger.written.push(payload)
        assert.equal(journal.position, ledger.written.length)
      }
    }
    if (!isDead) ledger.durable = Math.max(ledger.durable, journal.durablePosition)
  }
  disk.capacityBytes = Number.POSITIVE_INFINITY
  if (isDead) return
  if (random.below(2) === 0) {
    disk.crash()
  } else {
    disk.writeFailuresPerMille = 0
    disk.syncFailuresPerMille = 0
    await settled(clock, journal.close(), () => isDead)
    if (!isDead && journal.trouble === undefined) ledger.durable = journal.position
    disk.crash()
  }
}

for (const durability of ['commit', 'relaxed'] as const) {
  test(`what was acknowledged comes back (${durability})`, { timeout: 600_000 }, async () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const random = seededRandom(seed)
      const clock = new VirtualClock()
      const disk = new FaultyDisk({ clock, random })
      const ledger = new Ledger()
      try {
        for (let index = 0; index < LIVES; index++) {
          await live(random, clock, disk, ledger, durability)
        }
      } catch (error) {
        throw new Error(`seed ${seed}`, { cause: error })
      }
    }
  })
}
