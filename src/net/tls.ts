// TLS for the listeners that have it: which certificate is shown, which is asked for, and when a
// connection counts as secure. What then travels over it is MQTT's (listenTls here) or HTTP's.

import type { Socket } from 'node:net'
import { createServer, type SecureContextOptions, type Server, type TLSSocket } from 'node:tls'
import type { PeerCertificate, Accept } from '../base/wire.ts'
import {
  Arrivals,
  bind,
  LINGER_MS,
  type Listening,
  SERVER_OPTIONS,
  type SocketOptions,
  whereIs,
} from './listening.ts'
import { expectProxyHeader } from './proxy-protocol.ts'
import { acceptedOf, plain, remoteOf } from './remote.ts'
import { SocketWire } from './socket-wire.ts'

/** A handshake that takes longer is cut. */
const HANDSHAKE_MS_MAX = 10_000

/** All as PEM. */
export interface Certificates {
  /** The server's certificate, followed by those between it and the authority. */
  readonly cert: string
  readonly key: string
  /** Authorities. Given, clients are asked for a certificate that one of them has signed. */
  readonly ca?: string | undefined
  /** True: a client that shows none is cut off. One that shows a bad one always is. */
  readonly requireClientCertificate?: boolean | undefined
}

/** A listener whose certificate can be changed; connections that are open keep the old one. */
export interface SecureListening extends Listening {
  renew(certificates: Certificates): void
}

export type TlsOptions = SocketOptions & { readonly tls: Certificates }

/** Listens, and calls `accept` for each new stream once it is secure. */
export async function listenTls(options: TlsOptions, accept: Accept): Promise<SecureListening> {
  const server = createServer({ ...SERVER_OPTIONS, ...securityOf(options.tls) })
  const arrivals = new Arrivals(options)
  server.on('connection', (socket: Socket) => arrivals.add(socket))
  onSecure(server, options, (socket) => {
    arrivals.leave(acceptedOf(socket))
    adopt(socket, options, accept)
  })
  const headers = options.proxyProtocol === true ? expectProxyHeader(server, options) : undefined
  await bind(server, options)
  return {
    ...whereIs(server),
    renew: (certificates) => server.setSecureContext(contextOf(certificates)),
    close: async () => {
      server.close()
      await Promise.all([headers?.gone(0), arrivals.gone(0)])
    },
  }
}

/** What a server of Node, for TLS or for HTTPS, is made with. */
export function securityOf(certificates: Certificates): SecureContextOptions & {
  readonly requestCert: boolean
  readonly rejectUnauthorized: boolean
  readonly handshakeTimeout: number
} {
  const { ca, requireClientCertificate } = certificates
  return {
    ...contextOf(certificates),
    requestCert: ca !== undefined,
    rejectUnauthorized: requireClientCertificate === true,
    handshakeTimeout: HANDSHAKE_MS_MAX,
  }
}

export function contextOf({ cert, key, ca }: Certificates): SecureContextOptions {
  return { cert, key, minVersion: 'TLSv1.2', ...(ca === undefined ? {} : { ca }) }
}

/**
 * Calls `take` with each connection that is secure, and cuts those that show a certificate which no
 * authority has signed. Call it before the server has other listeners of 'secureConnection'.
 */
export function onSecure(
  server: Server,
  options: Pick<SocketOptions, 'refused'>,
  take: (socket: TLSSocket) => void,
): void {
  server.on('tlsClientError', (error: Error, socket: TLSSocket) => {
    options.refused?.(reasonOf(error), addressOf(socket))
  })
  server.on('secureConnection', (socket: TLSSocket) => {
    // Without one we go on: whether that is enough is for the access rules to say.
    if (socket.authorized || socket.getPeerX509Certificate() === undefined) return take(socket)
    options.refused?.(`client certificate: ${String(socket.authorizationError)}`, addressOf(socket))
    socket.destroy()
  })
}

function addressOf(socket: TLSSocket): string {
  return remoteOf(socket, false)?.address ?? plain(socket.remoteAddress ?? 'local')
}

/** OpenSSL's own words without the place in its source: `TLS: unsupported protocol`. */
function reasonOf(error: Error): string {
  const reason: unknown = Reflect.get(error, 'reason')
  return `TLS: ${typeof reason === 'string' ? reason : error.message}`
}

function adopt(socket: TLSSocket, options: SocketOptions, accept: Accept): void {
  const remote = remoteOf(socket, 'path' in options)
  if (remote === undefined) {
    socket.destroy()
    return
  }
  const lingerMs = options.lingerMs ?? LINGER_MS
  const wire = new SocketWire(socket, remote, lingerMs, () => certificateOf(socket))
  wire.attach(accept(wire))
  socket.on('data', (chunk: Uint8Array) => {
    wire.receive(chunk)
  })
}

/** What the peer's certificate says; read from the connection only when somebody asks. */
export function certificateOf(socket: TLSSocket): PeerCertificate | undefined {
  const certificate = socket.authorized ? socket.getPeerX509Certificate() : undefined
  if (certificate === undefined) return undefined
  const { subject, fingerprint256 } = certificate
  return {
    subject,
    commonName: /^CN=(.*)$/m.exec(subject)?.[1] ?? '',
    fingerprint: fingerprint256.replaceAll(':', '').toLowerCase(),
  }
}
