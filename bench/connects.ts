// `npm run bench -- connects`: what it costs a server that a client connects and disconnects. The
// clients live in this process; what is measured is the server's CPU time. Prints Markdown.

import { cpuMsOf, launchServer, type Settings } from '../test/support/live-server.ts'
import { requireProgram } from '../test/support/third-party.ts'
import { startMosquitto } from './brokers.ts'
import { whole } from './figures.ts'
import { openPeer } from './peer.ts'

interface Broker {
  readonly port: number
  readonly pid: number
  stop(): Promise<unknown>
}

interface Connects {
  readonly perSecond: number
  /** CPU of the server for one TCP connection, CONNECT, DISCONNECT and all that they call for. */
  readonly cpuUs: number
}

const AT_ONCE = 50
const SECONDS = 5
const WARM_UP_MS = 2000

export async function measure(): Promise<void> {
  const rameau = (settings: Settings) => () => launchServer({ settings })
  const starts: [string, () => Promise<Broker>][] = [
    ['Rameau', rameau({})],
    ['Rameau without presence', rameau({ 'presence.enabled': false })],
  ]
  const { path } = requireProgram('mosquitto')
  if (path !== undefined) starts.push(['Mosquitto, silent', () => startMosquitto(path)])
  console.log('| broker | CPU µs/connect and disconnect | connects/s |\n| --- | ---: | ---: |')
  for (const [name, start] of starts) {
    const broker = await start()
    try {
      const { cpuUs, perSecond } = await measureConnects(broker)
      console.log(`| ${name} | ${whole(cpuUs)} | ${whole(perSecond)} |`)
    } finally {
      await broker.stop()
    }
  }
}

async function measureConnects(broker: Broker): Promise<Connects> {
  let lives = 0
  let isOver = false
  const come = async (nth: number): Promise<void> => {
    while (!isOver) {
      const peer = await openPeer(broker.port, `device-${nth}-${lives}`, () => undefined)
      await peer.leave()
      lives += 1
    }
  }
  const all = Promise.all(Array.from({ length: AT_ONCE }, (_, nth) => come(nth)))
  await sleep(WARM_UP_MS)
  const before = { lives, ms: performance.now(), cpuMs: cpuMsOf(broker.pid) }
  await sleep(SECONDS * 1000)
  const lived = lives - before.lives
  const cpuMs = cpuMsOf(broker.pid) - before.cpuMs
  const perSecond = (lived / (performance.now() - before.ms)) * 1000
  isOver = true
  await all
  return { perSecond, cpuUs: (cpuMs * 1000) / lived }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
