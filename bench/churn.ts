// Clients that come and go at a steady rate, in every way there is, while the server's memory is
// looked at: whatever stays behind of each shows as a slope, however small. The clients live in the
// process that calls this, the server in its own.

import {
  type ConnectOptions,
  connectClient,
  type LiveClient,
  openClient,
} from '../test/support/live-client.ts'
import { launchServer, type LiveServer, type Settings, until } from '../test/support/live-server.ts'
import type { Memory } from '../test/support/memory-probe.ts'

export interface Churn {
  readonly lives: number
  readonly seconds: number
  /** Why lives failed; empty, or the server is at fault. */
  readonly failures: readonly string[]
  readonly samples: readonly Sample[]
  /**
   * What one life leaves in the memory that V8 knows: the slope of the samples in the second half.
   */
  readonly bytesPerLife: number
  readonly warnings: readonly string[]
}

export interface Sample extends Memory {
  readonly lives: number
}

/** Lives at once at most; on a machine that is too slow for the rate it becomes lower. */
const AT_ONCE_MAX = 400
const SAMPLES = 40
const TICK_MS = 20
/** Seconds that a session outlives its client, so that many wait and end all the time. */
const EXPIRY_S = 2

/** What is bounded by a number of topics or clients is full soon, and its growth no leak. */
const SETTINGS: Settings = {
  'sys.intervalS': 1,
  'limits.presencesGoneMax': 100,
  'limits.audiencesMax': 256,
  'limits.topicNamesMax': 256,
}

type Life = (server: LiveServer, index: number) => Promise<void>

const LIVES: readonly Life[] = [
  async ({ port }, index) => (await connectClient(options(port, index))).disconnect(),
  async ({ port }, index) => {
    const client = await connectClient(options(port, index))
    await talk(client, index)
    await client.disconnect()
  },
  // Its will is published, and retained now and then, always on the same few topics.
  async ({ port }, index) => {
    const will = { topic: `will/${index % 10}`, retain: index % 4 === 0, qos: 1 } as const
    const client = await connectClient({ ...options(port, index), will })
    await client.subscribe('will/+', 1)
    client.cut()
  },
  // Its session goes on without it, gets messages, and ends by itself.
  async ({ port }, index) => {
    const client = await connectClient(options(port, index, EXPIRY_S))
    await client.subscribe([`visit/${index}`, 'will/+'], 2)
    await talk(client, index)
    client.reset()
  },
  // Another connection takes its session over.
  async ({ port }, index) => {
    const first = await connectClient(options(port, index, EXPIRY_S))
    await first.subscribe(`visit/${index}`, 1)
    const next = { ...options(port, index, EXPIRY_S), cleanStart: false }
    // MQTT 5 alone can say that its session ends with it.
    const second = await connectClient({ ...next, properties: { sessionExpiry: 0 } })
    await first.closed
    await second.disconnect()
  },
  // Never says CONNECT.
  async ({ port }) => (await openClient({ port })).reset(),
  async ({ port }, index) => (await connectClient(options(port, index))).reset(),
  // Never reads what it is answered.
  async ({ port }, index) => {
    const client = await connectClient(options(port, index))
    await client.subscribe(`visit/${index}`)
    client.freeze()
    for (let nth = 0; nth < 10; nth++) await client.publish(`visit/${index}`, 'unread')
    client.reset()
  },
  async ({ webSocketPort }, index) => {
    const client = await connectClient({ ...options(webSocketPort, index), isWebSocket: true })
    await talk(client, index)
    await client.disconnect()
  },
  async ({ webSocketPort }, index) => {
    const client = await connectClient({ ...options(webSocketPort, index), isWebSocket: true })
    await client.subscribe(`visit/${index}`)
    client.cut()
  },
]

function options(port: number, index: number, sessionExpiry = 0): ConnectOptions {
  const version = sessionExpiry > 0 || index % 3 > 0 ? 5 : 4
  return { port, version, clientId: `visitor-${index}`, properties: { sessionExpiry } }
}

async function talk(client: LiveClient, index: number): Promise<void> {
  await client.subscribe([`visit/${index}`, 'visit/+/x'], 1)
  await client.publish(`visit/${index}`, 'hello', index % 2 === 0 ? 1 : 2)
  await client.until('its own message', () => client.messages.length > 0)
}

export interface ChurnOptions {
  /** Lives that begin each second. */
  readonly rate: number
  readonly seconds: number
  readonly settings?: Settings
  readonly report?: (sample: Sample) => void
}

export async function churn(order: ChurnOptions): Promise<Churn> {
  const { rate, seconds, report } = order
  const settings = { ...SETTINGS, ...order.settings }
  const server = await launchServer({ settings, hasWebSocket: true, isProbed: true })
  try {
    const { descriptors } = server
    const total = rate * seconds
    const failures: string[] = []
    const samples: Sample[] = []
    let begun = 0
    let over = 0
    const startMs = performance.now()
    const begin = async (index: number): Promise<void> => {
      try {
        await LIVES[index % LIVES.length]?.(server, index)
      } catch (error) {
        failures.push(String(error))
      }
      over += 1
    }
    while (over < total) {
      const due = Math.min(total, ((performance.now() - startMs) / 1000) * rate)
      while (begun < due && begun - over < AT_ONCE_MAX) void begin(begun++)
      if (begun >= (samples.length + 1) * (total / SAMPLES) && begun < total) {
        const sample = { lives: begun, ...(await server.memory()) }
        samples.push(sample)
        report?.(sample)
      }
      await new Promise((resolve) => setTimeout(resolve, TICK_MS))
    }
    const tookSeconds = (performance.now() - startMs) / 1000
    await until('all descriptors back', () => server.descriptors <= descriptors)
    const warnings = server.log.filter(({ level }) => level !== 'info').map(({ msg }) => msg)
    const bytesPerLife = slopeOf(samples.slice(SAMPLES / 2))
    return { lives: over, seconds: tookSeconds, failures, samples, bytesPerLife, warnings }
  } finally {
    await server.stop()
  }
}

/** Least squares: bytes a life. */
function slopeOf(samples: readonly Sample[]): number {
  const points = samples.map(({ lives, heapUsed, external }) => [lives, heapUsed + external])
  const mean = (at: 0 | 1) =>
    points.reduce((sum, point) => sum + (point[at] ?? 0), 0) / points.length
  const [lives, bytes] = [mean(0), mean(1)]
  let up = 0
  let down = 0
  for (const [x = 0, y = 0] of points) {
    up += (x - lives) * (y - bytes)
    down += (x - lives) ** 2
  }
  return up / down
}
