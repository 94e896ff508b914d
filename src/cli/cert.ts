// `rameau cert dev`: an authority and a server certificate for development, made by the openssl
// program. No production ever needs it: there a real authority signs.

import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { isAddress, isHost } from './hosts.ts'
import { FileError, PUBLIC, readIfThere, replaceFile } from './replace-file.ts'

const FOLDER = 'certs'
/** What is made; a key is for its owner alone. */
const FILES = {
  ca: 'ca.pem',
  caKey: 'ca-key.pem',
  cert: 'cert.pem',
  key: 'key.pem',
} as const
/** Browsers and Apple's systems take no server certificate that lasts longer than 397 days. */
const DAYS = 397
const OPENSSL_MS_MAX = 30_000

export interface CertFlags {
  readonly host?: readonly string[]
  readonly force?: true
}

/** What was made: the texts of the files, in PEM. */
type Made = Readonly<Record<keyof typeof FILES, string>>

/** The openssl program is missing or failed. */
class OpensslError extends Error {}

/** Resolves with the exit code: 0 fine, 1 it failed. */
export async function certDev(folder: string = FOLDER, flags: CertFlags = {}): Promise<number> {
  const hosts = hostsOf(flags)
  const paths = {
    ca: join(folder, FILES.ca),
    caKey: join(folder, FILES.caKey),
    cert: join(folder, FILES.cert),
    key: join(folder, FILES.key),
  }
  try {
    for (const path of Object.values(paths)) {
      if (flags.force === true || (await readIfThere(path)) === undefined) continue
      return fail(`${path} is there already: --force replaces it and those beside it`)
    }
    const made = await makeAll(hosts)
    await mkdir(folder, { recursive: true }).catch((cause: unknown) => {
      throw new FileError(`${folder}: cannot be made`, { cause })
    })
    // Keys first: a certificate without its key is of no use, and would be in the way.
    await replaceFile(paths.caKey, made.caKey)
    await replaceFile(paths.key, made.key)
    await replaceFile(paths.ca, made.ca, PUBLIC)
    await replaceFile(paths.cert, made.cert, PUBLIC)
  } catch (error) {
    if (error instanceof FileError || error instanceof OpensslError) return fail(error.message)
    throw error
  }
  const [ca, cert, key] = [quote(paths.ca), quote(paths.cert), quote(paths.key)]
  console.log(
    [
      `wrote ${Object.values(paths).join(', ')}`,
      `for ${hosts.join(', ')}, ${DAYS} days long, for development only`,
      'Try it:',
      `  rameau start --tls-cert ${cert} --tls-key ${key}`,
      `  mosquitto_pub --cafile ${ca} -h localhost -p 8883 -t hello/world -m Bonjour`,
      `  rameau health --tls-ca ${ca} mqtts://localhost:8883`,
    ].join('\n'),
  )
  return 0
}

/** Those by which this machine is reached, and those that were asked for. */
function hostsOf({ host = [] }: CertFlags): string[] {
  const own = hostname().toLowerCase()
  const here = ['localhost', '127.0.0.1', '::1', ...(isHost(own) ? [own] : [])]
  return [...new Set([...here, ...host])]
}

/** In a folder that only this user can enter, and that is gone afterwards. */
async function makeAll(hosts: readonly string[]): Promise<Made> {
  const folder = await mkdtemp(join(tmpdir(), 'rameau-cert-'))
  try {
    await writeFile(join(folder, 'settings'), settingsFor(hosts))
    await openssl(folder, [...NEW_KEY, '-out', FILES.caKey])
    await openssl(folder, [...NEW_KEY, '-out', FILES.key])
    await openssl(folder, [
      ...['req', '-x509', '-new', '-sha256', '-key', FILES.caKey, '-out', FILES.ca],
      ...['-config', 'settings', '-extensions', 'authority', '-days', `${DAYS}`],
      ...['-subj', '/O=Rameau/CN=Rameau development authority'],
    ])
    await openssl(folder, [
      ...['req', '-new', '-sha256', '-key', FILES.key, '-out', 'request'],
      ...['-config', 'settings', '-subj', '/O=Rameau/CN=localhost'],
    ])
    await openssl(folder, [
      ...['x509', '-req', '-sha256', '-in', 'request', '-out', FILES.cert, '-days', `${DAYS}`],
      ...['-CA', FILES.ca, '-CAkey', FILES.caKey, '-CAserial', 'serial', '-CAcreateserial'],
      ...['-extfile', 'settings', '-extensions', 'server'],
    ])
    const read = (name: string): Promise<string> => readFile(join(folder, name), 'utf8')
    return {
      ca: await read(FILES.ca),
      caKey: await read(FILES.caKey),
      cert: await read(FILES.cert),
      key: await read(FILES.key),
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const NEW_KEY = ['genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256']

/** In a file and not as flags, which older openssl programs and LibreSSL do not have. */
function settingsFor(hosts: readonly string[]): string {
  const names = hosts.map((host, index) => `${isAddress(host) ? 'IP' : 'DNS'}.${index} = ${host}`)
  return `[req]
distinguished_name = subject
[subject]
[authority]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[server]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = @names
[names]
${names.join('\n')}
`
}

function openssl(cwd: string, args: readonly string[]): Promise<void> {
  const options = { cwd, timeout: OPENSSL_MS_MAX }
  return new Promise((resolve, reject) => {
    execFile('openssl', args, options, (error, _stdout, stderr) => {
      if (error === null) return resolve()
      const isMissing = error.code === 'ENOENT'
      const [why = ''] = stderr.trim().split('\n').slice(-1)
      reject(
        new OpensslError(
          isMissing
            ? 'the openssl program is missing: install it (Debian: apt-get install openssl)'
            : `openssl ${args[0]} failed: ${why}`,
        ),
      )
    })
  })
}

/** As a shell takes it. */
function quote(text: string): string {
  return /^[\w./@+:-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}

function fail(text: string): number {
  console.error(`rameau: ${text}`)
  return 1
}
