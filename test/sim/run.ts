// One run: a whole server, its clients, its network and its store, from one seed.

import { createServer } from '../../src/server.ts'
import { audit } from './audit.ts'
import { SimClient } from './client.ts'
import { Ledger } from './ledger.ts'
import { Network } from './network.ts'
import { nameOf } from './records.ts'
import { ACTIVE_MS, animate, DRAIN_MS, plan, settle } from './scenario.ts'
import { SimStore } from './store.ts'
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
}

/** Runs one seed; `print` gets each line of the trace. */
export function run(seed: number, print?: (line: string) => void): Outcome {
  const world = new World(seed, print)
  const scenario = plan(world)
  world.note(JSON.stringify(scenario))
  const store = new SimStore(world, scenario.store)
  store.model.queueMax = scenario.limits.sessionQueueMax
  const ledger = new Ledger(world)
  const checks = new TapChecks(world, store, scenario.limits)
  const clients: SimClient[] = []
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
        ledger.taken(message)
        checks.taken(message, clients)
      },
    },
  })
  const network = new Network(
    world,
    server.accept,
    (link, packet) => checks.tap(link, packet),
    scenario.limits.outboxBytesMax + WRITE_SLACK_BYTES,
  )
  const endedGroups = new Set<string>()
  const parts = { world, network, ledger, store, endedGroups }
  for (const profile of scenario.clients) clients.push(new SimClient(profile, parts))
  for (const client of clients) animate(client, scenario, ACTIVE_MS)
  world.run(ACTIVE_MS)
  store.profile = { ...store.profile, failingPercent: 0, sluggishPercent: 0, delayMs: 1, readMs: 1 }
  for (const client of clients) settle(client)
  world.run(ACTIVE_MS + DRAIN_MS)
  // A client that takes one message at a time over a slow line has much to catch up.
  for (let more = 0; more < 30 && world.nowMs - ledger.receivedMs < QUIET_MS; more++) {
    world.run(world.nowMs + QUIET_MS)
  }
  const states = readStates(world, network)
  if (world.violations.length === 0) {
    const holdings = server.holdings()
    const dropped = server.counters.droppedQueueFull
    audit({ world, ledger, store, scenario, clients, endedGroups, dropped, states, holdings })
  }
  return {
    seed,
    violations: world.violations,
    hash: world.hash,
    events: world.eventId,
    letters: ledger.letters.size,
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
