// A real browser with MQTT.js: pages of the server's own name come in, others do not, by either
// port for WebSocket and whatever name leads to this machine.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type Browser, chromium } from 'playwright-core'
import { certificates, certificatesSkip } from '../support/certificates.ts'
import { Rameau } from '../support/rameau.ts'
import { requireProgram } from '../support/third-party.ts'

const CHROMIUM = requireProgram('chromium')
const BUNDLE = join(import.meta.dirname, '../../node_modules/mqtt/dist/mqtt.min.js')

/** Runs in the page: what it gets back of what it sends, or why it was not let in. */
const ROUND_TRIP = `async (url) => {
  const client = mqtt.connect(url, { reconnectPeriod: 0, protocolVersion: 5 })
  const answer = await new Promise((resolve) => {
    client.on('connect', async () => {
      await client.subscribeAsync('page/#', { qos: 2 })
      client.on('message', (topic, payload) => resolve(topic + ' ' + payload.toString()))
      await client.publishAsync('page/says', 'bonjour', { qos: 2 })
    })
    client.on('error', (error) => resolve('refused'))
    client.on('close', () => resolve('refused'))
  })
  client.end(true)
  return answer
}`

describe('a browser', { timeout: 200_000, skip: CHROMIUM.skip }, () => {
  let browser: Browser | undefined
  // Pages of any name: what matters is who serves them, not what they say.
  const pages = createServer((request, response) => {
    const isScript = request.url === '/mqtt.js'
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html')
    response.end(isScript ? readFileSync(BUNDLE) : '<script src="/mqtt.js"></script>')
  })
  let pagesPort = 0

  before(async () => {
    pages.listen(0, '127.0.0.1')
    await once(pages, 'listening')
    pagesPort = (pages.address() as { port: number }).port
    browser = await chromium.launch({
      ...(CHROMIUM.path === undefined ? {} : { executablePath: CHROMIUM.path }),
      args: ['--no-sandbox', '--host-resolver-rules=MAP *.example 127.0.0.1'],
    })
  })

  after(async () => {
    await browser?.close()
    pages.closeAllConnections()
    pages.close()
  })

  /** Opens the page by that name, and lets it speak to the server at `url`. */
  async function speak(name: string, url: string): Promise<unknown> {
    // Chromium asks no file whom to trust; that the chain holds is tested with MQTT.js.
    const page = await browser!.newPage({ ignoreHTTPSErrors: true })
    try {
      await page.goto(`http://${name}:${pagesPort}/`)
      return await page.evaluate(`(${ROUND_TRIP})(${JSON.stringify(url)})`)
    } finally {
      await page.close()
    }
  }

  test('pages of the same name come in, others do not', async () => {
    await using rameau = new Rameau([
      'start',
      '--memory',
      '--mqtt',
      '0',
      '--ws',
      '0',
      '--http',
      '0',
    ])
    const ws = await rameau.portOf('ws')
    const http = await rameau.portOf('http')
    for (const path of [`${ws}/any`, `${http}/mqtt`]) {
      assert.equal(await speak('127.0.0.1', `ws://127.0.0.1:${path}`), 'page/says bonjour')
      assert.equal(await speak('localhost', `ws://localhost:${path}`), 'page/says bonjour')
      assert.equal(await speak('localhost', `ws://127.0.0.1:${path}`), 'refused')
      assert.equal(await speak('evil.example', `ws://127.0.0.1:${path}`), 'refused')
      // Its own name leads here, so that page and server seem to be of one origin.
      assert.equal(await speak('evil.example', `ws://evil.example:${path}`), 'refused')
    }
    assert.equal((await rameau.stop()).code, 0)
  })

  test('secure WebSocket, by either port', { skip: certificatesSkip }, async () => {
    const { certFile, keyFile } = certificates().server
    const off = ['--mqtt', 'off', '--ws', 'off', '--http', 'off', '--mqtts', 'off']
    const tls = ['--wss', '0', '--https', '0', '--tls-cert', certFile, '--tls-key', keyFile]
    await using rameau = new Rameau(['start', '--memory', ...off, ...tls])
    const wss = await rameau.portOf('wss')
    const https = await rameau.portOf('https')
    for (const path of [`${wss}/any`, `${https}/mqtt`]) {
      assert.equal(await speak('localhost', `wss://localhost:${path}`), 'page/says bonjour')
      assert.equal(await speak('evil.example', `wss://localhost:${path}`), 'refused')
    }
  })

  test('a listed origin comes in', async () => {
    const origins = ['--set', `origins=http://app.example:${pagesPort}`]
    const flags = ['--mqtt', 'off', '--ws', '0', '--http', 'off', ...origins]
    await using rameau = new Rameau(['start', '--memory', ...flags])
    const url = `ws://127.0.0.1:${await rameau.portOf('ws')}`
    assert.equal(await speak('app.example', url), 'page/says bonjour')
    assert.equal(await speak('evil.example', url), 'refused')
  })
})
