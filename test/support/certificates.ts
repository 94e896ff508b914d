// Certificates for tests, made by the openssl program: an authority, a server for this machine, a
// client, and a stranger whom the authority does not know. Made once per process, gone with it.

import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { requireProgram } from './third-party.ts'

/** Why tests with certificates are skipped, or false. */
export const certificatesSkip: string | false = requireProgram('openssl').skip

export interface Pair {
  readonly certFile: string
  readonly keyFile: string
  readonly cert: string
  readonly key: string
}

export interface TestCertificates {
  readonly folder: string
  readonly ca: Pair
  /** For localhost, 127.0.0.1 and ::1, signed by `ca`. */
  readonly server: Pair
  /** As `server`, made later: what it is renewed to. */
  readonly renewed: Pair
  /** CN=robot, signed by `ca`. */
  readonly client: Pair
  /** Signed by itself. */
  readonly stranger: Pair
}

let made: TestCertificates | undefined

export function certificates(): TestCertificates {
  made ??= make()
  return made
}

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
const NAMES = 'subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1'

function make(): TestCertificates {
  const folder = mkdtempSync(join(tmpdir(), 'rameau-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  const pair = (name: string, subject: string, ...args: string[]): Pair => {
    const certFile = join(folder, `${name}.pem`)
    const keyFile = join(folder, `${name}.key`)
    const files = ['-keyout', keyFile, '-out', certFile, '-days', '2', '-subj', subject]
    execFileSync('openssl', ['req', '-x509', ...KEY, ...files, ...args], { stdio: 'pipe' })
    const [cert, key] = [certFile, keyFile].map((file) => readFileSync(file, 'utf8'))
    return { certFile, keyFile, cert: cert ?? '', key: key ?? '' }
  }
  const ca = pair('ca', '/CN=Rameau test authority')
  const signed = ['-CA', ca.certFile, '-CAkey', ca.keyFile]
  const leaf = [...signed, '-addext', 'basicConstraints=critical,CA:FALSE']
  return {
    folder,
    ca,
    server: pair('server', '/CN=localhost', ...leaf, '-addext', NAMES),
    renewed: pair('renewed', '/CN=localhost/O=renewed', ...leaf, '-addext', NAMES),
    client: pair('client', '/O=Rameau/CN=robot', ...leaf),
    stranger: pair('stranger', '/CN=robot'),
  }
}
