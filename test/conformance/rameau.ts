// Starts Rameau for a case: in process with a clock of its own, or over TCP on a free port. Each
// case gets a server without memory of others.

import { seededRandom } from '../../src/base/random.ts'
import { Reason } from '../../src/base/reason.ts'
import { systemClock } from '../../src/base/clock.ts'
import type { Access } from '../../src/core/ports.ts'
import { createServer, type ServerOptions } from '../../src/server.ts'
import { MemoryPeer } from '../support/memory-wire.ts'
import { PIN_METHODS } from '../support/pin-method.ts'
import type { Link, LinkEnd, Transport } from '../support/raw-client.ts'
import { VirtualTime } from '../support/virtual-time.ts'
import type { Case } from '../support/wire-script.ts'
import { TcpTransport } from './tcp.ts'

/** What the cases with `access` expect: user `u` with password `p`, nothing under `denied/`. */
const RULES: Access = {
  authenticate: ({ user, password, clientId, address, front }) => {
    const isKnown = user === 'u' && Buffer.from(password ?? []).toString() === 'p'
    return isKnown
      ? { reason: Reason.success, principal: { user, clientId, address, front } }
      : { reason: Reason.badUserNameOrPassword, principal: undefined, text: 'wrong' }
  },
  mayPublish: (_, topic) => (topic.startsWith('denied/') ? Reason.notAuthorized : Reason.success),
  maySubscribe: (_, filter) =>
    filter.startsWith('denied/') ? Reason.notAuthorized : Reason.success,
  mayRead: () => true,
}

/** The server's options for a case's `settings`. */
export function optionsFor(settings: Case['settings']): ServerOptions {
  const mqtt: Record<string, number | boolean> = {}
  const limits: Record<string, number | boolean> = {}
  for (const [key, value] of Object.entries(settings ?? {})) {
    const [part = '', name = ''] = key.split('.')
    if (part === 'mqtt') mqtt[name] = value
    else if (part === 'limits') limits[name] = value
    else if (key !== 'access' && key !== 'methods') throw new Error(`no such setting: ${key}`)
  }
  // The names are those of the configuration file; a wrong one makes its case fail.
  return {
    mqtt,
    limits,
    ...(settings?.['access'] === true ? { access: RULES } : {}),
    ...(settings?.['methods'] === true ? { access: { ...RULES, methods: PIN_METHODS } } : {}),
  }
}

/** A server in this process. `chunkBytesMax` 1 feeds it byte by byte. */
export function startInProcess(settings: Case['settings'], chunkBytesMax = 65536): Transport {
  const time = new VirtualTime()
  const server = createServer({
    ...optionsFor(settings),
    clock: time.clock,
    random: seededRandom(1),
    scheduler: { defer: time.defer },
  })
  return {
    advanceMaxMs: Number.POSITIVE_INFINITY,
    open: async (end: LinkEnd): Promise<Link> => {
      const peer = new MemoryPeer(server.accept, time.defer, end, { chunkBytesMax })
      return {
        send: (content) => peer.send(content),
        cut: () => peer.cut(),
        reset: () => peer.reset(),
      }
    },
    until: async (condition) => {
      await time.settle()
      return condition()
    },
    advance: (milliseconds) => time.advance(milliseconds),
    close: async () => {
      const closing = server.close()
      await time.advance(60_000)
      await closing
    },
  }
}

/** A server on a free port of the loopback. */
export async function startOverTcp(settings: Case['settings']): Promise<Transport> {
  const server = createServer({ ...optionsFor(settings), clock: systemClock })
  const listening = await server.listen({ host: '127.0.0.1', port: 0 })
  const transport = new TcpTransport({ host: '127.0.0.1', port: listening.port })
  return {
    advanceMaxMs: transport.advanceMaxMs,
    open: (end) => transport.open(end),
    until: (condition) => transport.until(condition),
    advance: (milliseconds) => transport.advance(milliseconds),
    close: async () => {
      await transport.close()
      await server.close()
    },
  }
}
