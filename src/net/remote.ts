// Who is at the other end of a connection: the peer's address as the system says it, or as the
// header of the PROXY protocol said it.

import type { Socket } from 'node:net'

/** Where the other end is; a Unix socket has neither address nor port. */
export interface Remote {
  readonly address: string
  readonly port: number
}

export const LOCAL: Remote = { address: 'local', port: 0 }

/** What a PROXY header said of a connection, by the socket that was accepted. */
const TOLD = new WeakMap<Socket, Remote>()

export function tellRemote(socket: Socket, remote: Remote): void {
  TOLD.set(socket, remote)
}

/** Undefined where the peer is gone already. `isLocal`: it came by a Unix socket. */
export function remoteOf(socket: Socket, isLocal: boolean): Remote | undefined {
  const told = TOLD.get(acceptedOf(socket))
  if (told !== undefined || isLocal) return told ?? LOCAL
  const { remoteAddress, remotePort } = socket
  if (remoteAddress === undefined) return undefined
  return { address: plain(remoteAddress), port: remotePort ?? 0 }
}

/** On a dual-stack listener IPv4 peers show as ::ffff:127.0.0.1; rules and logs want 127.0.0.1. */
export function plain(address: string): string {
  return address.replace(/^::ffff:(?=[\d.]+$)/i, '')
}

/**
 * The socket that was accepted: a TLS socket keeps it under a name that is old and not documented;
 * proxy-protocol.test.ts would tell.
 */
export function acceptedOf(socket: Socket): Socket {
  const parent: unknown = Reflect.get(socket, '_parent')
  return isSocket(parent) ? parent : socket
}

function isSocket(value: unknown): value is Socket {
  return typeof value === 'object' && value !== null && 'remoteAddress' in value
}
