// What is said of files that cannot serve as a certificate: the file and the reason, in one line.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { certificates, certificatesSkip } from '../../test/support/certificates.ts'
import type { Log } from '../core/ports.ts'
import { openListeners } from './listeners.ts'
import { readTlsFiles, TlsFileError } from './tls-files.ts'

const REST = { ca: undefined, requireClientCertificate: false }

function problemOf(files: { cert: string; key: string; ca?: string }): string {
  try {
    readTlsFiles({ ...REST, ...files })
  } catch (error) {
    assert.ok(error instanceof TlsFileError, String(error))
    return error.message.replaceAll(`${certificates().folder}/`, '')
  }
  return assert.fail('it was accepted')
}

describe('files of a certificate', { skip: certificatesSkip }, () => {
  test('a pair and its authority are read as they are', () => {
    const { server, ca } = certificates()
    const files = { cert: server.certFile, key: server.keyFile, ca: ca.certFile }
    const { endsAtMs, ...contents } = readTlsFiles({ ...files, requireClientCertificate: true })
    const { cert, key } = server
    assert.deepEqual(contents, { cert, key, ca: ca.cert, requireClientCertificate: true })
    assert.ok(endsAtMs > Date.now())
  })

  test('each mistake names its file', () => {
    const { folder, server, ca } = certificates()
    const [cert, key] = [server.certFile, server.keyFile]
    const missing = join(folder, 'no.pem')
    const text = join(folder, 'text.pem')
    writeFileSync(text, 'hello')
    const locked = join(folder, 'locked.key')
    const args = ['pkcs8', '-topk8', '-in', key, '-out', locked, '-passout', 'pass:secret']
    execFileSync('openssl', args, { stdio: 'pipe' })

    assert.equal(problemOf({ cert: missing, key }), 'no.pem: cannot be read: no such file')
    assert.equal(problemOf({ cert, key: missing }), 'no.pem: cannot be read: no such file')
    assert.equal(problemOf({ cert, key, ca: missing }), 'no.pem: cannot be read: no such file')
    assert.match(problemOf({ cert: folder, key }), /: cannot be read: it is a folder$/)
    assert.equal(problemOf({ cert: text, key }), 'text.pem: holds no certificate (PEM)')
    assert.equal(problemOf({ cert: key, key }), 'server.key: holds no certificate (PEM)')
    assert.equal(problemOf({ cert, key, ca: text }), 'text.pem: holds no certificate (PEM)')
    assert.equal(problemOf({ cert, key: text }), 'text.pem: holds no private key (PEM)')
    assert.equal(problemOf({ cert, key: cert }), 'server.pem: holds no private key (PEM)')
    const passphrase = 'locked.key: the key has a passphrase, take it off'
    assert.equal(problemOf({ cert, key: locked }), passphrase)
    const other = 'ca.key: the key does not fit the certificate in server.pem'
    assert.equal(problemOf({ cert, key: ca.keyFile }), other)
  })

  test('a renewed file is used, a broken one is not, and both are said', async () => {
    const { folder, server, renewed } = certificates()
    const said: string[] = []
    const say = (event: string, fields: object = {}) =>
      said.push(`${event} ${Object.values(fields).join()}`)
    const log: Log = { debug: say, info: say, warn: say, error: say }
    const used: string[] = []
    const files = { cert: join(folder, 'live.pem'), key: server.keyFile }
    const write = (cert: string) => writeFileSync(files.cert, cert)
    write(server.cert)
    const tls = { ...REST, ...files }
    const listening = {
      host: '127.0.0.1',
      port: 1,
      renew: ({ cert }: { cert: string }) => used.push(cert),
      close: () => Promise.resolve(),
    }
    const place = { host: '127.0.0.1', port: 0 }
    const prepared = [
      { listener: { protocol: 'mqtts', place, tls } as const, tls: readTlsFiles(tls) },
    ]
    const [open] = await openListeners(prepared, { listen: () => Promise.resolve(listening) }, log)
    // It ends in two days.
    assert.match(said.shift() ?? '', /^certificate ends soon mqtts,.*live\.pem,\d{4}-/)

    open?.renew?.()
    assert.deepEqual(used, [server.cert])
    assert.match(said.shift() ?? '', /^certificate reloaded mqtts/)
    said.length = 0
    write(renewed.cert)
    open?.renew?.()
    assert.equal(used.length, 1)
    assert.match(said.join(), /^certificate not reloaded, the old one stays mqtts,.*does not fit/)
  })
})
