// The same password and ACL files given to Debian's Mosquitto and to Rameau: who is let in, what he
// may publish, and what reaches him, must be the same, over a good thousand random cases.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { createPbkdf2 } from '../../src/access/hash-sha512.ts'
import { type Random, seededRandom } from '../../src/base/random.ts'
import { createServer } from '../../src/server.ts'
import { AccessFiles, rulesOf } from '../support/access-files.ts'
import { askToConnect, connectClient } from '../support/live-client.ts'
import { MosquittoBroker } from '../support/mosquitto-broker.ts'
import { requireProgram } from '../support/third-party.ts'

const mosquitto = requireProgram('mosquitto')
const mosquittoPasswd = requireProgram('mosquitto_passwd')
const SKIP = mosquitto.skip || mosquittoPasswd.skip
const LIMITS = { skip: SKIP, timeout: 200_000 }

const ACL_FILES = 16
const TOPICS = 12
const SEED = Number(process.env['SEED'] ?? 20_251)

/** Who asks; `root` publishes what the others may read. */
const CLIENTS: readonly { readonly clientId: string; readonly user: string | undefined }[] = [
  { clientId: 'c1', user: undefined },
  { clientId: 'c1/x', user: 'al' },
  { clientId: 'c2', user: 'bo' },
  { clientId: 'c+3', user: 'bo' },
  { clientId: 'c4', user: 'c#d' },
  { clientId: 'al', user: 'without rules' },
]
const USERS = ['root', 'al', 'bo', 'c#d', 'without rules']

interface Broker {
  readonly port: number
  stop(): Promise<void>
}

async function startRameau(passwordFile: string, aclFile: string): Promise<Broker> {
  const access = await rulesOf({ passwordFile, aclFile, allowAnonymous: true })
  const server = createServer({ access, sysIntervalS: 0 })
  const { port } = await server.listen({ host: '127.0.0.1', port: 0 })
  return { port, stop: () => server.close() }
}

function startMosquitto(
  files: AccessFiles,
  passwordFile: string,
  aclFile: string,
): Promise<MosquittoBroker> {
  assert.ok(mosquitto.path !== undefined)
  return MosquittoBroker.start(mosquitto.path, files.folder, [
    'allow_anonymous true',
    `password_file ${passwordFile}`,
    `acl_file ${aclFile}`,
  ])
}

/** The users, by turns in each form that mosquitto_passwd writes, and in our form of its. */
async function writePasswords(files: AccessFiles): Promise<string> {
  const file = files.write('passwords', '')
  for (const [at, user] of USERS.entries()) {
    if (at % 3 === 2) {
      const stored = await createPbkdf2(new TextEncoder().encode(`pw of ${user}`))
      writeFileSync(file, `${user}:${stored}\n`, { flag: 'a' })
      continue
    }
    const form = at % 3 === 0 ? 'sha512' : 'sha512-pbkdf2'
    const args = ['-H', form, '-b', file, user, `pw of ${user}`]
    execFileSync(mosquittoPasswd.path ?? '', args, { stdio: 'ignore' })
  }
  return file
}

function oneOf<T>(random: Random, choices: readonly T[]): T {
  const choice = choices[random.below(choices.length)]
  assert.ok(choice !== undefined)
  return choice
}

const LEVELS = ['a', 'b', 'al', 'bo', 'c1', '']

function randomTopic(random: Random): string {
  const levels = Array.from({ length: 1 + random.below(3) }, () => oneOf(random, LEVELS))
  return levels.join('/') || '/'
}

function randomFilter(random: Random, words: readonly string[]): string {
  const choices = [...LEVELS, ...words, ...words, '+', '+']
  const levels = Array.from({ length: 1 + random.below(3) }, () => oneOf(random, choices))
  if (random.below(3) === 0) levels.push('#')
  if (random.below(12) === 0) levels.unshift('$SYS')
  return levels.join('/') || '+/+'
}

function randomAcl(random: Random): string {
  const access = () =>
    oneOf(random, ['', 'read ', 'read ', 'write ', 'write ', 'readwrite ', 'deny '])
  const lines = Array.from({ length: 4 + random.below(24) }, () => {
    const choice = random.below(10)
    if (choice < 2) return `user ${oneOf(random, CLIENTS.slice(1)).user}`
    if (choice < 6) return `topic ${access()}${randomFilter(random, [])}`
    if (choice < 9) return `pattern ${access()}${randomFilter(random, ['%c', '%u', 'c%c'])}`
    return '# a comment'
  })
  return [...lines, 'user root', 'topic readwrite #', ''].join('\n')
}

/** What each client may do with each topic: `r`, `w`, `rw` or nothing, and what SUBACK says. */
async function decisions(port: number, topics: readonly string[]): Promise<readonly string[]> {
  const root = await connectClient({ port, user: 'root', password: 'pw of root' })
  const found: string[] = []
  for (const { clientId, user } of CLIENTS) {
    const password = user && `pw of ${user}`
    const read = new Set<string>()
    const onPublish = ({ topic }: { topic: string }) => read.add(topic)
    const client = await connectClient({ port, clientId, user, password, onPublish })
    const reasons = await client.subscribe(['#', 'a/#', '+/b', '$SYS/#'])
    found.push(`${user} subscribes: ${reasons.join(' ')}`)
    for (const topic of topics) await root.publish(topic, 'from root', 1)
    await client.ping()
    const readable = new Set(read)
    for (const topic of topics) {
      const reason = await client.publish(topic, 'mine', 1)
      const may = `${readable.has(topic) ? 'r' : ''}${reason < 0x80 ? 'w' : ''}`
      found.push(`${user} ${clientId} ${topic}: ${may}`)
    }
    await client.disconnect()
  }
  await root.disconnect()
  return found
}

test(`random ACL files decide as Mosquitto does (seed ${SEED})`, LIMITS, async (t) => {
  const files = new AccessFiles(t)
  const passwordFile = await writePasswords(files)
  const random = seededRandom(SEED)
  let cases = 0
  const seen = new Map<string, number>()
  for (let round = 0; round < ACL_FILES; round++) {
    const acl = randomAcl(random)
    const aclFile = files.write('acl', acl)
    const topics = [...new Set(Array.from({ length: TOPICS }, () => randomTopic(random)))]
    const brokers: Broker[] = []
    try {
      brokers.push(await startMosquitto(files, passwordFile, aclFile))
      brokers.push(await startRameau(passwordFile, aclFile))
      const [theirs = [], ours = []] = await Promise.all(
        brokers.map(({ port }) => decisions(port, topics)),
      )
      const differing = ours.flatMap((line, at) =>
        line === theirs[at] ? [] : [`${line}, Mosquitto: ${theirs[at]}`],
      )
      assert.deepEqual(differing, [], `${acl}\nround ${round} of seed ${SEED}`)
      for (const line of ours) {
        const may = line.slice(line.lastIndexOf(':') + 2)
        seen.set(may, (seen.get(may) ?? 0) + 1)
      }
      cases += ours.length
    } finally {
      for (const broker of brokers) await broker.stop()
    }
  }
  t.diagnostic(
    `${cases} decisions: ${[...seen].map(([may, count]) => `${may}=${count}`).join(', ')}`,
  )
  assert.ok(cases >= 1000, `${cases} cases`)
  // Each outcome often enough that a wrong one would show.
  for (const may of ['', 'r', 'w', 'rw']) assert.ok((seen.get(may) ?? 0) >= 15, `'${may}'`)
})

test('the same are let in', LIMITS, async (t) => {
  const files = new AccessFiles(t)
  const passwordFile = await writePasswords(files)
  const aclFile = files.write('acl', 'topic #\n')
  const brokers = [
    await startMosquitto(files, passwordFile, aclFile),
    await startRameau(passwordFile, aclFile),
  ]
  t.after(() => Promise.all(brokers.map((broker) => broker.stop())))
  const names = [undefined, '', 'nobody', 'AL', 'al ', ...USERS]
  const passwords = [undefined, '', 'pw of al', 'pw of bo', 'pw of bo ', 'pw of c#d', 'PW OF AL']
  let admitted = 0
  for (const user of names) {
    for (const password of [...passwords, `pw of ${user}`]) {
      const outcomes = brokers.map(async ({ port }) => {
        const client = await askToConnect({ port, user, password })
        client.cut()
        return client.connack?.reason === 0
      })
      const [theirs, ours] = await Promise.all(outcomes)
      assert.equal(ours, theirs, `${user} with ${password}`)
      if (ours === true) admitted += 1
    }
  }
  assert.ok(admitted >= USERS.length + passwords.length, `${admitted} were let in`)
})
