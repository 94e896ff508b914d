// Starts Rameau for a case behind TLS, WebSocket or both, or on a Unix socket, and dials it there.
// Bytes go out in pieces that keep to no packet's borders, where the transport has borders at all.

import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../src/base/clock.ts'
import type { ListenOptions } from '../../src/net/listeners.ts'
import { createServer } from '../../src/server.ts'
import { certificates } from '../support/certificates.ts'
import { type Dial, dialTls, dialUnix, dialWebSocket } from '../support/dial.ts'
import type { Link, LinkEnd, Transport } from '../support/raw-client.ts'
import type { Case } from '../support/wire-script.ts'
import { optionsFor } from './rameau.ts'

const PATIENCE_MS = 20_000
const ADVANCE_MS_MAX = 2500

export interface Carrier {
  readonly name: string
  /** A way in to a server of its own. */
  readonly open: () => { readonly listen: ListenOptions; readonly dial: Dial }
}

const HERE = { host: '127.0.0.1', port: 0 }
let unixSockets = 0

export const CARRIERS: readonly Carrier[] = [
  {
    name: 'a Unix socket',
    open: () => {
      unixSockets += 1
      const path = join(tmpdir(), `rameau-${process.pid}-${unixSockets}.sock`)
      return { listen: { path }, dial: dialUnix(path) }
    },
  },
  {
    name: 'TLS',
    open: () => ({ listen: { ...HERE, tls: certificates().server }, dial: dialTls }),
  },
  {
    name: 'WebSocket',
    open: () => ({ listen: { ...HERE, speaks: 'ws' }, dial: dialWebSocket('ws') }),
  },
  {
    name: 'secure WebSocket',
    open: () => ({
      listen: { ...HERE, speaks: 'ws', tls: certificates().server },
      dial: dialWebSocket('wss'),
    }),
  },
]

export async function startOver(carrier: Carrier, settings: Case['settings']): Promise<Transport> {
  const server = createServer({ ...optionsFor(settings), clock: systemClock })
  const { listen, dial } = carrier.open()
  const { port } = await server.listen(listen)
  const links = new Set<Link>()
  let changed: (() => void)[] = []
  const notify = (): void => {
    const waiting = changed
    changed = []
    for (const tell of waiting) tell()
  }
  return {
    advanceMaxMs: ADVANCE_MS_MAX,
    open: async (end) => {
      const link = inPieces(await dial(port, notifying(end, notify)))
      links.add(link)
      return link
    },
    until: async (condition) => {
      const deadlineMs = performance.now() + PATIENCE_MS
      while (!condition()) {
        const leftMs = deadlineMs - performance.now()
        if (leftMs <= 0) return false
        await new Promise<void>((resolve) => {
          const timeout = setTimeout(resolve, leftMs)
          changed.push(() => {
            clearTimeout(timeout)
            resolve()
          })
        })
      }
      return true
    },
    advance: async (milliseconds) => {
      await new Promise((resolve) => setTimeout(resolve, milliseconds))
    },
    close: async () => {
      for (const link of links) link.reset()
      await server.close()
    },
  }
}

function notifying(end: LinkEnd, notify: () => void): LinkEnd {
  return {
    receive: (chunk) => {
      end.receive(chunk)
      notify()
    },
    closed: () => {
      end.closed()
      notify()
    },
  }
}

/** Each content in two pieces, by turns before and behind its middle [MQTT-6.0.0-2]. */
function inPieces(link: Link): Link {
  let count = 0
  return {
    send: (content) => {
      count += 1
      const at = Math.floor((content.length * ((count % 3) + 1)) / 4)
      for (const piece of [content.subarray(0, at), content.subarray(at)]) {
        if (piece.length > 0) link.send(piece)
      }
    },
    cut: () => link.cut(),
    reset: () => link.reset(),
  }
}
