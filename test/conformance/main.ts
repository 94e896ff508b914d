// Plays the conformance cases against any server by URL:
//   node test/conformance/main.ts --url mqtt://127.0.0.1:1883
//     [--only 3.3.1] [--versions 45] [--json] [--ours] [--slow]
// It ends the sessions that it opened and clears the retained messages that it left. Cases that
// need a server with settings of their own are skipped.

import { parseArgs } from 'node:util'

import type { Transport } from '../support/raw-client.ts'
import type { Case, Version } from '../support/wire-script.ts'
import { CASES } from './cases.ts'
import { play, type Result } from './play.ts'
import { TcpTransport } from './tcp.ts'

const { values } = parseArgs({
  options: {
    url: { type: 'string' },
    only: { type: 'string', default: '' },
    versions: { type: 'string', default: '345' },
    json: { type: 'boolean', default: false },
    ours: { type: 'boolean', default: false },
    slow: { type: 'boolean', default: false },
  },
})
if (values.url === undefined) {
  console.error('--url is missing, for example --url mqtt://127.0.0.1:1883')
  process.exit(2)
}
const url = new URL(values.url)
const transport: Transport = new TcpTransport({
  host: url.hostname,
  port: Number(url.port === '' ? 1883 : url.port),
  advanceMaxMs: values.slow ? 60_000 : 2500,
})
const results: Result[] = []
for (const test of CASES) {
  if (!test.title.includes(values.only)) continue
  for (const version of test.versions) {
    if (!values.versions.includes(String(version))) continue
    const result = await playAtUrl(test, version)
    results.push(result)
    if (values.json) console.log(JSON.stringify(result))
    else if (result.outcome !== 'skipped' || values.only !== '')
      console.log(`${result.outcome} ${version} ${result.title}${indent(result.detail)}`)
  }
}
await transport.close()
const count = (outcome: string): number => results.filter((one) => one.outcome === outcome).length
console.log(`${count('skipped')} skipped`)
console.log(`${count('passed')} passed, ${count('failed')} failed`)
process.exitCode = count('failed') === 0 ? 0 : 1

async function playAtUrl(test: Case, version: Version): Promise<Result> {
  if (test.settings !== undefined) {
    const detail = 'needs a server with settings of its own'
    return { title: test.title, version, outcome: 'skipped', detail }
  }
  return play(test, version, transport, { isOurs: values.ours, isShared: true })
}

function indent(text: string): string {
  return text === '' ? '' : `\n    ${text.replaceAll('\n', '\n    ')}`
}
