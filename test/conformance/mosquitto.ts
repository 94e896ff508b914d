// Plays the conformance cases against Debian's Mosquitto, to test the tests: what it does
// otherwise is listed in mosquitto.tsv with the reason why our expectation holds, and nothing else
// may differ.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { requireProgram } from '../support/third-party.ts'
import type { Case, Version } from '../support/wire-script.ts'
import { CASES } from './cases.ts'
import { play, type Result } from './play.ts'
import { TcpTransport } from './tcp.ts'

/** Brokers at once, each with a queue of cases of its own. */
const BROKERS = 3
/** Real time that a case may let pass: Mosquitto looks at expiries once a second or more seldom. */
const ADVANCE_MS_MAX = 4000
/** How long what must come may take: a busy machine is no difference. */
const PATIENCE_MS = 15_000
/** The same where it is known not to come. */
const PATIENCE_LISTED_MS = 1500

/** Our settings in Mosquitto's words; what is missing it cannot be told. */
const OPTIONS: Readonly<Record<string, (value: number | boolean) => string>> = {
  'mqtt.qosMax': (value) => `max_qos ${value}`,
  'mqtt.retainAvailable': (value) => `retain_available ${value}`,
  'mqtt.topicAliasMax': (value) => `max_topic_alias ${value}`,
  'mqtt.receiveMax': (value) => `max_inflight_messages ${value}`,
  'mqtt.keepAliveMax': (value) => `max_keepalive ${value}`,
  'limits.packetBytesMax': (value) => `max_packet_size ${value}`,
  'limits.sessionQueueMax': (value) => `max_queued_messages ${value}`,
}

/** A difference that is known: the case by its title without clauses, and why it stands. */
interface Difference {
  readonly versions: string
  readonly title: string
}

const LISTED = readDifferences()

/** Plays all cases. Each broker serves its cases one after the other. */
export async function playMosquitto(program: string): Promise<readonly Result[]> {
  const queue = CASES.flatMap((one) => one.versions.map((version) => ({ one, version })))
  const results: Result[] = []
  const worker = async (): Promise<void> => {
    const broker = await Broker.start(program, [])
    try {
      for (let next = queue.shift(); next !== undefined; next = queue.shift())
        results.push(await playOne(next.one, next.version, program, broker))
    } finally {
      await broker.stop()
    }
  }
  await Promise.all(Array.from({ length: BROKERS }, worker))
  return results
}

async function playOne(
  one: Case,
  version: Version,
  program: string,
  shared: Broker,
): Promise<Result> {
  if (isListed({ title: one.title, version })) {
    return playAlone(one, version, program, PATIENCE_LISTED_MS)
  }
  return one.settings === undefined
    ? play(one, version, shared.transport(PATIENCE_MS), { isOurs: false, isShared: true })
    : playAlone(one, version, program, PATIENCE_MS)
}

async function playAlone(
  one: Case,
  version: Version,
  program: string,
  patienceMs: number,
): Promise<Result> {
  const { access, ...others } = one.settings ?? {}
  const lines = Object.entries(others).map(([key, value]) => OPTIONS[key]?.(value))
  if (lines.includes(undefined)) {
    const detail = 'Mosquitto has no such setting'
    return { title: one.title, version, outcome: 'skipped', detail }
  }
  const broker = await Broker.start(
    program,
    lines.filter((line) => line !== undefined),
    access === true,
  )
  try {
    return await play(one, version, broker.transport(patienceMs), { isOurs: false })
  } finally {
    await broker.stop()
  }
}

/** What differs without being listed, and what is listed but does not differ. */
export function compareWithList(results: readonly Result[]): readonly string[] {
  const findings: string[] = []
  for (const result of results) {
    if (result.outcome === 'failed' && !isListed(result))
      findings.push(`${result.title} (${result.version}) differs: ${result.detail}`)
    if (result.outcome === 'passed' && isListed(result))
      findings.push(`${result.title} (${result.version}) is listed but does not differ`)
  }
  for (const { versions, title } of LISTED)
    if (!results.some((result) => bareTitle(result.title) === title))
      findings.push(`there is no case for the listed difference: ${title} (${versions})`)
  return findings
}

function isListed({ title, version }: Pick<Result, 'title' | 'version'>): boolean {
  return LISTED.some(
    (one) => one.versions.includes(String(version)) && one.title === bareTitle(title),
  )
}

function bareTitle(title: string): string {
  return title.replace(/^(?:\[[^\]]+\]\s*)+/, '')
}

function readDifferences(): readonly Difference[] {
  const text = readFileSync(join(import.meta.dirname, 'mosquitto.tsv'), 'utf8')
  const [, ...lines] = text.trimEnd().split('\n')
  return lines.map((line, at) => {
    const [versions = '', title = '', does = '', why = ''] = line.split('\t')
    if (!/^[345]+$/.test(versions) || title === '' || does === '' || why === '')
      throw new Error(`mosquitto.tsv:${at + 2}: versions, title, what it does and why are needed`)
    return { versions, title }
  })
}

/** One Mosquitto on a free port of the loopback, in a folder of its own. */
class Broker {
  readonly #child: ChildProcess
  readonly #folder: string
  readonly #port: number

  private constructor(child: ChildProcess, folder: string, port: number) {
    this.#child = child
    this.#folder = folder
    this.#port = port
  }

  static async start(
    program: string,
    options: readonly string[],
    hasAccess = false,
  ): Promise<Broker> {
    const folder = mkdtempSync(join(tmpdir(), 'mosquitto-'))
    const port = await freePort()
    const lines = [`listener ${port} 127.0.0.1`, 'log_dest none', 'sys_interval 0', ...options]
    if (process.getuid?.() === 0) lines.push('user root')
    lines.push(`allow_anonymous ${!hasAccess}`)
    if (hasAccess) lines.push(...writeAccess(folder))
    writeFileSync(join(folder, 'mosquitto.conf'), `${lines.join('\n')}\n`)
    const child = spawn(program, ['-c', join(folder, 'mosquitto.conf')], { stdio: 'ignore' })
    const broker = new Broker(child, folder, port)
    try {
      await untilListening(port, child)
    } catch (error) {
      await broker.stop()
      throw error
    }
    return broker
  }

  transport(patienceMs: number): TcpTransport {
    return new TcpTransport({
      host: '127.0.0.1',
      port: this.#port,
      advanceMaxMs: ADVANCE_MS_MAX,
      patienceMs,
    })
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const ended = once(this.#child, 'exit')
      this.#child.kill('SIGKILL')
      await ended
    }
    rmSync(this.#folder, { recursive: true })
  }
}

/** User `u` with password `p`, who may do everything but under `denied/`. */
function writeAccess(folder: string): readonly string[] {
  const passwords = join(folder, 'passwords')
  const rules = join(folder, 'rules')
  const { path } = requireProgram('mosquitto_passwd')
  if (path === undefined) throw new Error('mosquitto_passwd is missing')
  execFileSync(path, ['-b', '-c', passwords, 'u', 'p'], { stdio: 'ignore' })
  writeFileSync(rules, 'user u\ntopic readwrite #\ntopic deny denied/#\n')
  return [`password_file ${passwords}`, `acl_file ${rules}`]
}

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

async function untilListening(port: number, child: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (child.exitCode !== null) throw new Error(`Mosquitto ended with ${child.exitCode}`)
    const socket = connect({ host: '127.0.0.1', port })
    const isOpen = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    })
    socket.destroy()
    if (isOpen) return
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  throw new Error('Mosquitto does not listen')
}
