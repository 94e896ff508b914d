// The wire language in which conformance cases are written: what several raw connections send and
// must receive, one step a line. In short:
//
//   a joins persist          CONNECT as client `a`, and CONNACK without Session Present
//   a > PUBLISH t 'hi'       sends a packet, field by field; `a > raw 30 ~ s't' 6869` byte by byte
//   a < PUBACK 7             the very next packet of the server; `<~` in any order, `<?` or none
//   a gets 't' 'hi' qos=1    a PUBLISH, acknowledged to the end; likewise `gets~` and `gets~?`
//   a silent                 nothing has come: proven by a ping's answer, never by waiting
//   a closes 0x82            DISCONNECT with that reason (5.0), and the connection is closed
//   advance 5s               time passes
//   differ x y               what was caught as `?x` and `?y` is not the same
//
// `5|`, `34|` before a line: in those versions only. `ours|`, `theirs|`: against Rameau only,
// against other servers only. Of alternatives `1|2` Rameau must take the first; another server
// any. Of `1/2` everybody may take any.

import { splitWords, type Word } from './wire-script-words.ts'

export type Version = 3 | 4 | 5

export interface Step {
  /** The name of the connection, or empty for `advance` and `sync`. */
  readonly who: string
  readonly verb: string
  /** The packet's type for `>`, `<`, `<~` and `<?`. */
  readonly type: string
  readonly words: readonly Word[]
  /** What follows the verb, as written: for `raw` and for the reports. */
  readonly rest: string
  readonly line: number
  readonly text: string
}

export interface Case {
  /** Begins with the clauses that it tests, each in brackets. */
  readonly title: string
  readonly versions: readonly Version[]
  readonly script: string
  /** Configuration keys that the server must be started with. */
  readonly settings?: Readonly<Record<string, number | boolean>>
  /** True: only with a clock of our own. */
  readonly inProcess?: boolean
}

const PACKET_VERBS = ['>', '<', '<~', '<?']
const VERBS = [
  ...PACKET_VERBS,
  'opens',
  'joins',
  'rejoins',
  'leaves',
  'cut',
  'reset',
  'closes',
  'refused',
  'closed',
  'silent',
  'ping',
  'subs',
  'unsubs',
  'pubs',
  'gets',
  'gets~',
  'gets~?',
]

/** The steps that are played in `version`, against Rameau or another server. */
export function parseScript(script: string, version: Version, isOurs: boolean): readonly Step[] {
  const steps: Step[] = []
  script.split('\n').forEach((whole, index) => {
    const text = whole.trim()
    if (text === '' || text.startsWith('// ')) return
    const step = parseLine(text, index + 1, version, isOurs)
    if (step !== undefined) steps.push(step)
  })
  return steps
}

function parseLine(
  text: string,
  line: number,
  version: Version,
  isOurs: boolean,
): Step | undefined {
  let rest = text
  for (let prefix = /^(\w+)\|\s*/.exec(rest); prefix; prefix = /^(\w+)\|\s*/.exec(rest)) {
    rest = rest.slice(prefix[0].length)
    const word = prefix[1] ?? ''
    if (word === 'ours' || word === 'theirs') {
      if (isOurs !== (word === 'ours')) return undefined
    } else if (/^[345]+$/.test(word)) {
      if (!word.includes(String(version))) return undefined
    } else throw new Error(`line ${line}: unknown prefix ${word}|`)
  }
  const found = /^(\S+)\s*(\S*)\s*(.*)$/.exec(rest)
  const [first, second, third] = [found?.[1] ?? '', found?.[2] ?? '', found?.[3] ?? '']
  if (first === 'sync' || first === 'advance' || first === 'differ')
    return {
      who: '',
      verb: first,
      type: '',
      words: [],
      rest: `${second} ${third}`.trim(),
      line,
      text,
    }
  if (!/^[a-z][a-z0-9]*$/.test(first) || !VERBS.includes(second))
    throw new Error(`line ${line}: cannot read: ${text}`)
  if (!PACKET_VERBS.includes(second))
    return { who: first, verb: second, type: '', words: splitWords(third), rest: third, line, text }
  const [type = '', ...more] = third.split(' ')
  const fields = more.join(' ')
  const words = type === 'raw' ? [] : splitWords(fields)
  return { who: first, verb: second, type, words, rest: fields, line, text }
}

/** The clauses that a title begins with. */
export function clausesOf(title: string): readonly string[] {
  const head = /^(?:\[[A-Z0-9.-]+\]\s*)*/i.exec(title)?.[0] ?? ''
  return [...head.matchAll(/\[([^\]]+)\]/g)].map((found) => found[1] ?? '')
}

/** `1500ms`, `20s`, `5m`, `2h` in milliseconds. */
export function parseDuration(text: string): number {
  const found = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text)
  if (found === null) throw new Error(`not a duration: ${text}`)
  const unit = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }[found[2] ?? 'ms'] ?? 1
  return Number(found[1]) * unit
}

/** All time that passes in a case, in milliseconds. */
export function durationOf(steps: readonly Step[]): number {
  const times = steps.filter((step) => step.verb === 'advance')
  return times.reduce((sum, step) => sum + parseDuration(step.rest), 0)
}
