// Each port's contract, for each implementation of it.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { systemClock } from '../../src/base/clock.ts'
import { seededRandom, systemRandom } from '../../src/base/random.ts'
import { Reason } from '../../src/base/reason.ts'
import { openOutput } from '../../src/cli/log.ts'
import { ALONE } from '../../src/cluster/alone.ts'
import { ALLOW_ALL, denyAll } from '../../src/core/access.ts'
import type { StoreRecord } from '../../src/core/store.ts'
import { setImmediateScheduler } from '../../src/net/scheduler.ts'
import { createMemoryStore } from '../../src/storage/memory.ts'
import { openDurableStore } from '../../src/storage/open-durable.ts'
import { AccessFiles, rulesOf } from '../support/access-files.ts'
import { DelayingStore } from '../support/delaying-store.ts'
import { KeepingStore } from '../support/keeping-store.ts'
import { StoreWorld } from '../support/store-world.ts'
import { VirtualClock, VirtualScheduler } from '../support/virtual-clock.ts'
import { VirtualTime } from '../support/virtual-time.ts'
import { accessContract } from './access.ts'
import { clockContract } from './clock.ts'
import { clusterContract } from './cluster.ts'
import { logContract } from './log.ts'
import { randomContract } from './random.ts'
import { schedulerContract } from './scheduler.ts'
import { type StoreUnderTest, storeContract } from './store.ts'

storeContract('memory store', () => ({
  store: createMemoryStore(new VirtualClock()),
  settle: () => {},
  failures: 0,
}))
storeContract('keeping store', () => ({
  store: new KeepingStore({ clock: new VirtualClock() }),
  settle: () => {},
  failures: 0,
}))
storeContract('delaying store', () => delayingStore(0))
for (const epochBytes of [1, 10_000, 1_000_000]) {
  storeContract(`durable store in epochs of ${epochBytes} B`, () => {
    return durableStore(new StoreWorld(epochBytes, { bounds: { epochBytes } }))
  })
}
storeContract('durable store of a directory', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'rameau-contract-'))
  after(() => rm(directory, { recursive: true, force: true }))
  return directoryStore(directory)
})
storeContract('delaying and failing store', () => delayingStore(3))

clusterContract('alone', () => ALONE)

accessContract('allow all', () => ALLOW_ALL)
accessContract('deny all', () => denyAll(Reason.notAuthorized, 'nobody may'))

const files = new AccessFiles()
const passwordFile = await files.passwords({ ann: '\x01\x02\x03' })
const aclFile = files.write('acl', 'topic read a/#\nuser ann\ntopic a\npattern read $SYS/%c\n')
const rulesFile = files.write(
  'rules.yaml',
  'rules: [allow: connect, { allow: read, topic: [a/#, $SYS/%c] }, allow: publish]\n',
)
for (const [name, settings] of [
  ['rules without files', {}],
  ['rules in YAML', { rulesFile, allowAnonymous: true }],
  ['rules with passwords', { passwordFile }],
  ['rules with an ACL', { aclFile }],
  ['rules with both and anonymous clients', { passwordFile, aclFile, allowAnonymous: true }],
] as const) {
  const rules = await rulesOf(settings)
  accessContract(name, () => rules)
  accessContract(`${name}, by a listener`, () => rules.at('other'))
}
files.remove()

// The system's timers do not keep the process alive, so something else has to.
clockContract('system clock', () => ({ clock: systemClock, pass: (ms) => sleep(ms + 2) }))
clockContract('virtual clock', () => {
  const clock = new VirtualClock()
  return {
    clock,
    pass: (ms) => {
      clock.advance(ms)
      return Promise.resolve()
    },
  }
})
clockContract('virtual time', () => {
  const time = new VirtualTime()
  return { clock: time.clock, pass: (ms) => time.advance(ms) }
})

randomContract('system random', () => systemRandom)
randomContract('seeded random', () => seededRandom(42))
randomContract('random seeded with 0', () => seededRandom(0))

schedulerContract('setImmediate', () => ({
  scheduler: setImmediateScheduler,
  settle: async () => {
    for (let turns = 0; turns < 4; turns++) await nextTurn()
  },
}))
schedulerContract('virtual scheduler', () => {
  const scheduler = new VirtualScheduler()
  return {
    scheduler,
    settle: () => {
      scheduler.run()
      return Promise.resolve()
    },
  }
})
schedulerContract('virtual time', () => {
  const time = new VirtualTime()
  return { scheduler: time, settle: () => time.settle() }
})

logContract('silence', () => {
  const ignore = (): void => {}
  return { log: { debug: ignore, info: ignore, warn: ignore, error: ignore } }
})
for (const format of ['human', 'json'] as const) {
  logContract(`${format} log`, () => {
    const lines: string[] = []
    const sink = {
      write: (text: string) => lines.push(text),
      flushSync: () => {},
      close: () => Promise.resolve(),
    }
    return {
      log: openOutput({ level: 'debug', format, repeatsMax: 10 }, sink).log,
      lines: () => lines,
    }
  })
}

function durableStore(world: StoreWorld): StoreUnderTest {
  const store = world.create()
  const reopen = (): StoreUnderTest => {
    world.crash()
    return durableStore(world)
  }
  return { store, settle: () => world.passes(2000), failures: 0, reopen }
}

async function directoryStore(directory: string): Promise<StoreUnderTest> {
  const ignore = (): void => {}
  const log = { debug: ignore, info: ignore, warn: ignore, error: ignore }
  const store = await openDurableStore({
    ...{ directory, log, clock: systemClock, scheduler: setImmediateScheduler },
    ...{ segmentBytes: 64 * 1024, bounds: { epochBytes: 10_000 } },
  })
  return { store, settle: () => {}, failures: 0, reopen: () => directoryStore(directory) }
}

function delayingStore(failures: number): StoreUnderTest {
  const clock = new VirtualClock()
  const durable: StoreRecord[] = []
  let left = failures
  const store = new DelayingStore(createMemoryStore(clock), clock, {
    delayMs: () => 20,
    failure: () => (left-- > 0 ? new Error('the disk is away') : undefined),
    durable: (record) => durable.push(record),
  })
  return { store, settle: () => clock.advance(20), failures, durable: () => durable }
}
