// A stream of the embedding program as a `Wire`: a socket that it accepted itself, one half of a
// pair, whatever carries bytes both ways.

import type { Duplex } from 'node:stream'
import type { Accept } from '../base/wire.ts'
import { LINGER_MS } from './listening.ts'
import { LOCAL, plain, type Remote } from './remote.ts'
import { SocketWire } from './socket-wire.ts'

/** Takes the stream over: from now on it is for the server alone to read, write and end. */
export function acceptDuplex(duplex: Duplex, accept: Accept): void {
  // The wire answers the peer's end itself, after what the last packets called for.
  duplex.allowHalfOpen = true
  const wire = new SocketWire(duplex, placeOf(duplex), LINGER_MS)
  wire.attach(accept(wire))
  duplex.on('data', (chunk: unknown) => {
    if (chunk instanceof Uint8Array) wire.receive(chunk)
    else duplex.destroy(new Error('a stream for MQTT carries bytes'))
  })
}

function placeOf(duplex: Duplex): Remote {
  const address: unknown = Reflect.get(duplex, 'remoteAddress')
  const port: unknown = Reflect.get(duplex, 'remotePort')
  if (typeof address !== 'string') return LOCAL
  return { address: plain(address), port: typeof port === 'number' ? port : 0 }
}
