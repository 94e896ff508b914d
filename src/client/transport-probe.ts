// Asks an MQTT server whether it answers: opens a stream, sends CONNECT, reads CONNACK, leaves. No
// client: it publishes nothing and takes no session over.

import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { Reason } from '../base/reason.ts'
import { decode } from '../codec/mqtt/decode.ts'
import { encode } from '../codec/mqtt/encode.ts'
import { Framer } from '../codec/mqtt/framer.ts'
import { PacketType } from '../codec/mqtt/packets.ts'
import { NO_PROPERTIES } from '../codec/mqtt/properties.ts'

/** As old a version as every server speaks. */
const VERSION = 4
/** A CONNACK of 3.1.1 has 4. */
const CONNACK_BYTES_MAX = 64

export interface Target {
  /** A port, or a Unix socket. */
  readonly place: { readonly host: string; readonly port: number } | { readonly path: string }
  readonly isTls: boolean
  /** Authorities to trust, in PEM; undefined for those of the system. */
  readonly ca: string | undefined
  readonly userName: string | undefined
  readonly password: string | undefined
}

/** Resolves with the reason in CONNACK; rejects where none comes before `signal`. */
export async function probe(target: Target, signal: AbortSignal): Promise<Reason> {
  const socket = open(target)
  const leave = (): void => {
    socket.destroy(new Error('no answer in time'))
  }
  signal.addEventListener('abort', leave)
  try {
    return await exchange(socket, target)
  } finally {
    signal.removeEventListener('abort', leave)
    socket.end(
      encode({ type: PacketType.disconnect, reason: 0, properties: NO_PROPERTIES }, VERSION),
    )
    socket.destroySoon()
  }
}

function open({ place, isTls, ca }: Target): Socket {
  if (!isTls) return connectTcp(place)
  const trust = ca === undefined ? {} : { ca }
  if ('path' in place) return connectTls({ ...place, ...trust })
  return connectTls({ ...place, ...trust, servername: nameOf(place.host) })
}

/** An address is no name to ask for, and Node says so as a warning. */
function nameOf(host: string): string {
  return /^[\d.]+$|:/.test(host) ? '' : host
}

function exchange(socket: Socket, { userName, password }: Target): Promise<Reason> {
  return new Promise((resolve, reject) => {
    const framer = new Framer(CONNACK_BYTES_MAX, {
      frame: (firstByte, bytes, start, end) => {
        const packet = decode(firstByte, bytes, start, end, VERSION)
        if (packet.type === PacketType.connack) resolve(packet.reason)
        else reject(new Error('the answer is no CONNACK'))
        return false
      },
    })
    socket.on('error', reject)
    socket.on('close', () => reject(new Error('the connection was closed without an answer')))
    socket.on('data', (chunk) => {
      try {
        framer.push(chunk)
      } catch {
        reject(new Error('the answer is no MQTT'))
      }
    })
    const connect = {
      type: PacketType.connect,
      version: VERSION,
      cleanStart: true,
      keepAlive: 0,
      clientId: '',
      will: undefined,
      userName,
      password: password === undefined ? undefined : new TextEncoder().encode(password),
      properties: NO_PROPERTIES,
    } as const
    socket.write(encode(connect, VERSION))
  })
}
