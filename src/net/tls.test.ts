// Listeners for TLS: which certificate is shown and which is asked for, and who does not come in.
// How streams over TLS behave is test/contract/wire's.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect as connectPlain } from 'node:net'
import { describe, test, type TestContext } from 'node:test'
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls'
import { certificates, certificatesSkip } from '../../test/support/certificates.ts'
import { RecordingFront } from '../../test/support/recording-front.ts'
import { Listeners, type OpenListening } from './listeners.ts'
import type { Certificates } from './tls.ts'

interface Bench {
  readonly listening: OpenListening
  readonly fronts: RecordingFront[]
  readonly refusals: string[]
  readonly close: () => Promise<void>
  /** Dials, and waits for the first byte of the echo or for the end. */
  hello(options?: ConnectionOptions): Promise<{ socket: TLSSocket; isWelcome: boolean }>
}

async function open(t: TestContext, some: Partial<Certificates> = {}): Promise<Bench> {
  const fronts: RecordingFront[] = []
  const refusals: string[] = []
  const listeners = new Listeners({
    accept: (wire) => {
      const front = new RecordingFront(wire)
      front.echo()
      fronts.push(front)
      return front
    },
    fetch: () => new Response(),
    webSocket: { messageBytesMax: 1024, strictSubprotocol: false },
  })
  const { cert, key } = certificates().server
  const listening = await listeners.listen({
    host: '127.0.0.1',
    port: 0,
    tls: { cert, key, ...some },
    lingerMs: 100,
    refused: (why) => refusals.push(why),
  })
  const close = async (): Promise<void> => {
    for (const { wire } of fronts) wire.destroy()
    await listeners.close(Promise.resolve())
  }
  t.after(close)
  return {
    listening,
    fronts,
    refusals,
    close,
    hello: (options) => hello(t, listening.port, options),
  }
}

async function hello(t: TestContext, port: number, options: ConnectionOptions = {}) {
  const { cert: ca } = certificates().ca
  const socket = connect({ host: '127.0.0.1', port, ca, servername: 'localhost', ...options })
  socket.on('error', () => undefined)
  t.after(() => socket.destroy())
  socket.write('hello')
  const isWelcome = await new Promise<boolean>((resolve) => {
    socket.once('data', () => resolve(true)).once('close', () => resolve(false))
  })
  return { socket, isWelcome }
}

describe('TLS', { timeout: 10_000, skip: certificatesSkip }, () => {
  test('shows the certificate, and asks for none by itself', async (t) => {
    const bench = await open(t)
    const { socket, isWelcome } = await bench.hello()
    assert.ok(isWelcome && socket.authorized)
    assert.equal(socket.getProtocol(), 'TLSv1.3')
    const { wire } = bench.fronts[0]!
    assert.equal(wire.remoteAddress, '127.0.0.1')
    assert.equal(wire.peerCertificate?.(), undefined)
    // Nobody asked for it, so nobody verified it.
    await bench.hello(certificates().client)
    assert.equal(bench.fronts[1]!.wire.peerCertificate?.(), undefined)
  })

  test('1.2 is the oldest version', async (t) => {
    const bench = await open(t)
    assert.ok((await bench.hello({ maxVersion: 'TLSv1.2' })).isWelcome)
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL@SECLEVEL=0' } as const
    assert.ok(!(await bench.hello(old)).isWelcome)
    assert.match(bench.refusals.join(), /^TLS: unsupported protocol$/)
  })

  test('with authorities: a good certificate is read, none will do, a bad one never', async (t) => {
    const { ca, client, stranger } = certificates()
    const bench = await open(t, { ca: ca.cert })
    assert.ok((await bench.hello(client)).isWelcome)
    const certificate = bench.fronts[0]!.wire.peerCertificate?.()
    assert.equal(certificate?.commonName, 'robot')
    assert.equal(certificate?.subject, 'O=Rameau\nCN=robot')
    assert.match(certificate?.fingerprint ?? '', /^[0-9a-f]{64}$/)

    assert.ok((await bench.hello()).isWelcome)
    assert.equal(bench.fronts[1]!.wire.peerCertificate?.(), undefined)

    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      assert.ok(!(await bench.hello({ ...stranger, maxVersion })).isWelcome)
    }
    assert.equal(bench.fronts.length, 2)
    assert.match(bench.refusals[0]!, /^client certificate: .*SELF_SIGNED/)
  })

  test('a resumed connection keeps its certificate', async (t) => {
    const { ca, client } = certificates()
    const bench = await open(t, { ca: ca.cert })
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      const first = await bench.hello({ ...client, maxVersion })
      const session = first.socket.getSession()
      const again = await bench.hello({ ...client, maxVersion, ...(session ? { session } : {}) })
      assert.ok(again.isWelcome)
      assert.equal(bench.fronts.at(-1)!.wire.peerCertificate?.()?.commonName, 'robot')
    }
  })

  test('required: without a good certificate nobody comes in', async (t) => {
    const { ca, client, stranger } = certificates()
    const bench = await open(t, { ca: ca.cert, requireClientCertificate: true })
    assert.ok((await bench.hello(client)).isWelcome)
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      assert.ok(!(await bench.hello({ maxVersion })).isWelcome)
      assert.ok(!(await bench.hello({ ...stranger, maxVersion })).isWelcome)
    }
    assert.equal(bench.fronts.length, 1)
  })

  test('renew: new connections see the new certificate, open ones go on', async (t) => {
    const bench = await open(t)
    const { socket } = await bench.hello()
    bench.listening.renew?.(certificates().renewed)
    const later = await bench.hello()
    assert.equal(later.socket.getPeerCertificate().subject.O, 'renewed')
    socket.write('still here')
    assert.equal(String((await once(socket, 'data'))[0]), 'still here')
  })

  test('renew with a key that does not fit throws, and the old certificate stays', async (t) => {
    const bench = await open(t)
    const { cert } = certificates().renewed
    const { key } = certificates().server
    assert.throws(() => bench.listening.renew?.({ cert, key }))
    assert.equal((await bench.hello()).socket.getPeerCertificate().subject.O, undefined)
  })

  test('who does not speak TLS is cut off and told of; close ends a handshake', async (t) => {
    const bench = await open(t)
    const { port } = bench.listening
    const plain = connectPlain({ host: '127.0.0.1', port })
    plain.on('error', () => undefined)
    plain.write('GET / HTTP/1.1\r\n\r\n')
    await once(plain, 'close')
    assert.match(bench.refusals.join(), /^TLS: /)

    const silent = connectPlain({ host: '127.0.0.1', port })
    silent.on('error', () => undefined)
    await once(silent, 'connect')
    const closed = once(silent, 'close')
    // Whoever came after it was accepted after it.
    await bench.hello()
    await bench.close()
    await closed
  })
})
