// What a connection and a session keep in a server's memory, and whether it serves them all: a
// crowd is opened step by step, and after each step the server tells what it holds. The clients
// live in the process that calls this, the server in its own.

import { launchServer, type LiveServer, type Settings, until } from '../test/support/live-server.ts'
import type { Memory } from '../test/support/memory-probe.ts'
import { dialPeer, type Peer } from './peer.ts'

/** What one more of something takes, in bytes. */
export interface Cost {
  readonly name: string
  /** In V8's heap; the figure that hardly varies. */
  readonly heapBytes: number
  /** Outside of the heap and known to V8. */
  readonly externalBytes: number
  /** Of the whole process; in pages, and the allocator keeps some in reserve. */
  readonly rssBytes: number
}

/** How many act at once: enough to keep both processes busy, and no storm. */
const CROWD = 200
/** Clients that come and go first, so that what is made once is there already. */
const WARM_UP = 500
const SUBSCRIPTIONS = 10
const ACCEPT_MS_MAX = 30_000
/**
 * V8 lets its young generation grow with what survives, up to a bound that depends on the machine.
 * That is no cost of a connection, so it is kept at what smaller machines have.
 */
export const YOUNG_MIB = 16
const SETTINGS: Settings = {
  // Nothing by itself while it is measured, and time enough for the crowd to come.
  'sys.intervalS': 0,
  'presence.enabled': false,
  'mqtt.connectTimeoutMs': 600_000,
}

/** Opens `count` connections at once, serves each, and tells what they cost. */
export async function measureConnections(count: number): Promise<readonly Cost[]> {
  const server = await launch({})
  try {
    const ledger = await openLedger(server, count)
    const clients = await dialAll(server, count)
    await ledger.enter('TCP connection, nothing sent yet')
    await each(clients, (client, index) => client.open(nameOf(index)))
    await ledger.enter('MQTT connection and its clean session')
    await each(clients, (client, index) => client.subscribe(filterOf(index, 0), 1))
    await ledger.enter('its first subscription')
    for (let nth = 1; nth < SUBSCRIPTIONS; nth++) {
      await each(clients, (client, index) => client.subscribe(filterOf(index, nth), 1))
    }
    await ledger.enter('each further subscription', SUBSCRIPTIONS - 1)
    await serve(clients)
    await ledger.enter('what it keeps of having been served')
    await each(clients, (client) => client.leave())
    return ledger.costs
  } finally {
    await server.stop()
  }
}

/** What `count` sessions cost while their clients are away. */
export async function measureSessions(count: number): Promise<readonly Cost[]> {
  const server = await launch({})
  try {
    const ledger = await openLedger(server, count)
    const visit = async (act: (client: Peer, index: number) => Promise<void>) => {
      await each(new Array<undefined>(count).fill(undefined), async (_, index) => {
        const client = await dialPeer(server.port, () => undefined)
        await client.open(nameOf(index), false)
        await act(client, index)
        await client.leave()
      })
    }
    await visit(() => Promise.resolve())
    await ledger.enter('session without a connection')
    await visit((client, index) => client.subscribe(filterOf(index, 0), 1))
    await ledger.enter('its first subscription')
    return ledger.costs
  } finally {
    await server.stop()
  }
}

/** What `count` connections cost where presence is shown. */
export async function measurePresence(count: number): Promise<readonly Cost[]> {
  const server = await launch({ 'presence.enabled': true })
  try {
    const clients = await dialAll(server, count)
    const ledger = await openLedger(server, count)
    await each(clients, (client, index) => client.open(nameOf(index)))
    await ledger.enter('MQTT connection, its clean session and its presence')
    await each(clients, (client) => client.leave())
    return ledger.costs
  } finally {
    await server.stop()
  }
}

/** RSS of a whole process as users start it, before and with `count` connections. */
export async function measureProcess(
  count: number,
): Promise<{ readonly empty: number; readonly connected: number }> {
  const server = await launchServer({ settings: SETTINGS })
  try {
    const empty = server.rssBytes
    const clients = await dialAll(server, count)
    await each(clients, (client, index) => client.open(nameOf(index)))
    return { empty, connected: server.rssBytes }
  } finally {
    await server.stop()
  }
}

function launch(settings: Settings): Promise<LiveServer> {
  return launchServer({
    settings: { ...SETTINGS, ...settings },
    nodeOptions: `--max-semi-space-size=${YOUNG_MIB}`,
    isProbed: true,
  })
}

interface Ledger {
  readonly costs: readonly Cost[]
  /** Notes what came since the last entry, for `each` of `count`. */
  enter(name: string, each?: number): Promise<void>
}

async function openLedger(server: LiveServer, count: number): Promise<Ledger> {
  await warmUp(server)
  const costs: Cost[] = []
  let before: Memory = await server.memory()
  return {
    costs,
    enter: async (name, each = 1) => {
      const after = await server.memory()
      const share = (key: keyof Memory) => (after[key] - before[key]) / count / each
      costs.push({
        name,
        heapBytes: share('heapUsed'),
        externalBytes: share('external'),
        rssBytes: share('rss'),
      })
      before = after
    },
  }
}

async function warmUp(server: LiveServer): Promise<void> {
  const clients = await dialAll(server, WARM_UP)
  await each(clients, (client, index) => client.open(`early-${index}`))
  await each(clients, (client, index) => client.subscribe(filterOf(index, 0), 1))
  await serve(clients)
  await each(clients, (client) => client.leave())
}

async function dialAll(server: LiveServer, count: number): Promise<Peer[]> {
  const clients: Peer[] = []
  const descriptors = server.descriptors + count
  await each(new Array<undefined>(count).fill(undefined), async () => {
    clients.push(await dialPeer(server.port, () => undefined))
  })
  // The kernel says that they are connected before the server has seen them.
  await until('all accepted', () => server.descriptors >= descriptors, ACCEPT_MS_MAX)
  return clients
}

/** Each sends one message and gets the one that another sent, with all acknowledgements. */
async function serve(clients: readonly Peer[]): Promise<void> {
  const payload = Buffer.alloc(64, 'x')
  clients.forEach((client, index) => {
    client.publish(filterOf((index + 1) % clients.length, 0), payload, 1, 1)
  })
  // The answer to a ping comes behind what was sent before, so that two rounds bring everything.
  await each(clients, (client) => client.ping())
  await each(clients, (client) => client.ping())
  for (const { received, acknowledged } of clients) {
    if (received !== 1 || acknowledged !== 1) {
      throw new Error(`a client got ${received} messages and ${acknowledged} acknowledgements`)
    }
  }
}

async function each<T>(
  all: readonly T[],
  act: (one: T, index: number) => Promise<void>,
): Promise<void> {
  for (let from = 0; from < all.length; from += CROWD) {
    const crowd = all.slice(from, from + CROWD)
    await Promise.all(crowd.map((one, index) => act(one, from + index)))
  }
}

function nameOf(index: number): string {
  return `client-${index}`
}

/** Four levels, two of them its own. */
function filterOf(index: number, nth: number): string {
  return `site/${index}/sensor/${nth}`
}
