// Dials a server on this machine by each transport, with that transport's plainest client. Bytes in
// and out; what they mean is the caller's.

import { once } from 'node:events'
import { connect } from 'node:net'
import { connect as connectSecure } from 'node:tls'
import { WebSocket } from 'ws'
import { certificates } from './certificates.ts'

export interface DialledEnd {
  receive(bytes: Uint8Array): void
  closed(): void
}

export interface Dialled {
  send(bytes: Uint8Array): void
  /** Stops and starts reading. */
  pause(): void
  resume(): void
  /** Ends the stream without a word of MQTT, as its transport ends in peace. */
  cut(): void
  /** Breaks the stream: what was sent may be lost. */
  reset(): void
}

export type Dial = (port: number, end: DialledEnd) => Promise<Dialled>

export const dialTcp: Dial = async (port, end) => {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true })
  socket.on('data', (chunk: Buffer) => end.receive(chunk)).on('close', () => end.closed())
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  return {
    send: (bytes) => void socket.write(bytes),
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    cut: () => void socket.end(),
    reset: () => void socket.resetAndDestroy(),
  }
}

/** By the path of a Unix socket. */
export const dialUnix = (path: string): Dial => {
  return async (_port, end) => {
    const socket = connect({ path })
    socket.on('data', (chunk: Buffer) => end.receive(chunk)).on('close', () => end.closed())
    socket.on('error', () => undefined)
    await once(socket, 'connect')
    return {
      send: (bytes) => void socket.write(bytes),
      pause: () => void socket.pause(),
      resume: () => void socket.resume(),
      cut: () => void socket.end(),
      reset: () => void socket.destroy(), // It has no other way to break off.
    }
  }
}

/** Trusts the authority of the test certificates. */
export const dialTls: Dial = async (port, end) => {
  const plain = connect({ host: '127.0.0.1', port, noDelay: true })
  const { cert: ca } = certificates().ca
  const socket = connectSecure({ socket: plain, ca, servername: 'localhost' })
  socket.on('data', (chunk: Buffer) => end.receive(chunk)).on('close', () => end.closed())
  socket.on('error', () => undefined)
  plain.on('error', () => undefined)
  await once(socket, 'secureConnect')
  return {
    send: (bytes) => void socket.write(bytes),
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    cut: () => void socket.end(),
    reset: () => void plain.resetAndDestroy(),
  }
}

/** Each `send` is one message. */
export const dialWebSocket = (scheme: 'ws' | 'wss'): Dial => {
  return async (port, end) => {
    const socket = new WebSocket(`${scheme}://127.0.0.1:${port}/any`, ['mqtt'], {
      perMessageDeflate: false,
      ...(scheme === 'wss' ? { ca: certificates().ca.cert } : {}),
    })
    socket.on('message', (content: Buffer) => end.receive(content))
    socket.on('close', () => end.closed())
    socket.on('error', () => undefined)
    await once(socket, 'open')
    return {
      send: (bytes) => socket.send(bytes),
      pause: () => socket.pause(),
      resume: () => socket.resume(),
      cut: () => socket.close(),
      reset: () => socket.terminate(),
    }
  }
}
