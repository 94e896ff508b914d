// One run: a whole server, its clients, its network and its store, from one seed. Odd seeds have a
// store in memory whose commits are late and fail; even ones the durable store on a disk that is
// slow, full, failing and cut off, and a server that dies and starts again.

import { createServer, type Holdings } from '../../src/server.ts'
import { audit } from './audit.ts'
import { SimClient } from './client.ts'
import { breakDisk } from './disk-faults.ts'
import { mayFail, planDisk } from './disk-profile.ts'
import { DiskStore } from './disk-store.ts'
import { Ledger } from './ledger.ts'
import { Lives } from './lives.ts'
import { Network } from './network.ts'
import { nameOf } from './records.ts'
import { ACTIVE_MS, animate, DRAIN_MS, plan, type Scenario, settle } from './scenario.ts'
import { SimStore, type StoreBook } from './store.ts'
import { TapChecks } from './tap.ts'
import { connect, frame } from './packets.ts'
import { World } from './world.ts'

/** A message that is begun, and the answers to what one read brought, come on top of the bound. */
const WRITE_SLACK_BYTES = 40_000
/** Nobody is owed anything when nothing has come for so long. */
const QUIET_MS = 10_000

export interface Outcome {
  readonly seed: number
  readonly violations: readonly string[]
  /** Of the whole trace: the same for the same seed. */
  readonly hash: number
  readonly events: number
  readonly letters: number
  /** How often the server died. */
  readonly crashes: number
}

/** What both kinds of run have. */
interface Stage {
  readonly world: World
  readonly scenario: Scenario
  readonly ledger: Ledger
  readonly network: Network
  readonly checks: TapChecks
  readonly clients: readonly SimClient[]
  readonly endedGroups: Set<string>
}

/** Runs one seed; `print` gets each line of the trace. */
export async function run(seed: number, print?: (line: string) => void): Promise<Outcome> {
  const world = new World(seed, print)
  const { ledger, crashes } = seed % 2 === 0 ? await runOnDisk(world) : await runInMemory(world)
  const { violations, hash, eventId: events } = world
  return { seed, violations, hash, events, letters: ledger.letters.size, crashes }
}

function createStage(world: World, scenario: Scenario, store: StoreBook): Stage {
  const ledger = new Ledger(world)
  const checks = new TapChecks(world, store, scenario.limits)
  const network = new Network(
    world,
    undefined,
    (link, packet) => checks.tap(link, packet),
    scenario.limits.outboxBytesMax + WRITE_SLACK_BYTES,
  )
  const endedGroups = new Set<string>()
  const parts = { world, network, ledger, store, endedGroups }
  const clients = scenario.clients.map((profile) => new SimClient(profile, parts))
  return { world, scenario, ledger, network, checks, clients, endedGroups }
}

interface Played {
  readonly ledger: Ledger
  readonly crashes: number
}

async function runInMemory(world: World): Promise<Played> {
  const scenario = plan(world)
  world.note(JSON.stringify(scenario))
  const store = new SimStore(world, scenario.store)
  store.model.queueMax = scenario.limits.sessionQueueMax
  const stage = createStage(world, scenario, store)
  const { ledger, checks, clients, network } = stage
  const server = createServer({
    clock: world.clock,
    random: world.chance('server').random,
    scheduler: world.scheduler,
    sysIntervalS: 0, // It tells of the process, which no seed repeats.
    store,
    limits: scenario.limits,
    mqtt: scenario.mqtt,
    cluster: {
      announce: () => {},
      withdraw: () => {},
      takeover: () => {},
      forward: (message) => {
        ledger.taken(message, store.part)
        checks.taken(message, clients)
      },
    },
  })
  network.accept = server.accept
  await play(stage, () => {
    store.profile = {
      ...store.profile,
      failingPercent: 0,
      sluggishPercent: 0,
      delayMs: 1,
      readMs: 1,
    }
  })
  const states = readStates(world, network)
  const played = { ledger, crashes: 0 }
  if (world.violations.length > 0) return played
  const dropped = server.counters.droppedQueueFull
  const mayRefuse = scenario.store.failingPercent > 0
  audit({ ...stage, store, dropped, states, holdings: server.holdings(), mayRefuse, outages: [] })
  return played
}

async function runOnDisk(world: World): Promise<Played> {
  const scenario = plan(world)
  const profile = planDisk(world)
  world.note(JSON.stringify({ ...scenario, disk: profile }))
  const store = new DiskStore(world, profile)
  store.queueMax = scenario.limits.sessionQueueMax
  const stage = createStage(world, scenario, store)
  const lives = new Lives({ ...stage, store })
  breakDisk(world, store, profile, ACTIVE_MS)
  lives.plan(profile.crashes, ACTIVE_MS)
  lives.start()
  await play(stage, () => {})
  const states = lives.isUp ? readStates(world, stage.network) : new Map<string, string>()
  const { server, outages } = lives
  const played = { ledger: stage.ledger, crashes: outages.length }
  if (server === undefined) world.violation('the server is not up again')
  if (server === undefined || world.violations.length > 0) return played
  const dropped = lives.dropped + server.counters.droppedQueueFull
  const holdings: Holdings = server.holdings()
  audit({ ...stage, store, dropped, states, holdings, mayRefuse: mayFail(profile), outages })
  for (const client of stage.clients) client.line = undefined // They turn their backs on it.
  await lives.end()
  return played
}

/** Lets everybody do as he likes, then finish. */
async function play(stage: Stage, calm: () => void): Promise<void> {
  const { world, clients, scenario, ledger } = stage
  for (const client of clients) animate(client, scenario, ACTIVE_MS)
  await world.pass(ACTIVE_MS)
  calm()
  for (const client of clients) settle(client)
  await world.pass(ACTIVE_MS + DRAIN_MS)
  // A client that takes one message at a time over a slow line has much to catch up.
  for (let more = 0; more < 30 && world.nowMs - ledger.receivedMs < QUIET_MS; more++) {
    await world.pass(world.nowMs + QUIET_MS)
  }
}

/** Every topic's state, as a new client gets it. */
function readStates(world: World, network: Network): ReadonlyMap<string, string> {
  const states = new Map<string, string>()
  const link = network.open(
    {
      name: 'auditor',
      version: 4,
      packet: ({ type, flags, topic, payload }) => {
        if (type === 'CONNACK') {
          const filters = [{ filter: '#', options: 0 }]
          link.send(frame(4, { type: 'SUBSCRIBE', id: 1, filters }))
        }
        if (type === 'PUBLISH' && (flags & 1) === 1) states.set(topic, nameOf(payload))
      },
      closed: () => {},
    },
    { delayMs: 0.1, roomBytes: 1_000_000, chunkBytesMax: 1000 },
  )
  const request = { version: 4, clientId: 'auditor', isClean: true, keepAliveS: 0 }
  link.send(connect({ ...request, will: undefined, properties: [] }))
  world.run(world.nowMs + 1000)
  return states
}
