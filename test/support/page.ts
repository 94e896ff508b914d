// Finds in a page of the documentation (Markdown, or the manual page) what a reader can run:
// command blocks, programs, configurations, tables of flags. It runs nothing; page-run.ts does.
//
// A comment that no reader sees, on the line before a block, says what the page does not:
//
//     <!-- not run: WHY -->     it is left out; the test lists it with the reason
//     <!-- file: NAME -->       it is the text of that file
//     <!-- ends: CODE -->       it ends with that code; without it, 0
//     <!-- each: COMMAND {} --> before a table: every `-flag` of a row, put in place of {}, is run

/** What a block is to a reader. `output` is what the block before it prints, `…` for anything. */
export type BlockKind = 'commands' | 'program' | 'configuration' | 'output' | 'table' | 'file'

export interface Block {
  /** The page and the line where it begins, as an editor takes it. */
  readonly place: string
  readonly kind: BlockKind
  readonly text: string
  /** Why it is not run. */
  readonly notRun: string | undefined
  /** The name to write it under, for a file. */
  readonly file: string | undefined
  readonly ends: number
  /** For a table: what each row is run as. */
  readonly each: string | undefined
  /** Lines that the text behind it promises: prints `…`. */
  readonly prints: readonly string[]
}

/** A page that cannot be taken apart without leaving something out. */
export class PageError extends Error {}

const KINDS: Readonly<Record<string, BlockKind>> = {
  sh: 'commands',
  js: 'program',
  ts: 'program',
  yaml: 'configuration',
  text: 'output',
}
const MARKS = /^(not run|file|ends|each): *(.+)$/

type Marks = Readonly<Record<string, string | undefined>>
interface Found {
  readonly kind: BlockKind | undefined
  readonly language: string
  readonly at: number
  readonly lines: string[]
  readonly marks: Marks
  /** What stands between it and the next block. */
  prose: string
}

/** All blocks of a page in Markdown, in order. Throws {@link PageError}. */
export function readPage(name: string, markdown: string): Block[] {
  const found = find(name, markdown.split('\n'))
  return found.map((one) => toBlock(name, one))
}

/** The examples of a manual page: what stands between `.nf` and `.fi`. */
export function readManual(name: string, roff: string): Block[] {
  const markdown = roff.split('\n').map((line) => {
    if (line === '.nf') return '```sh'
    if (line === '.fi') return '```'
    const comment = /^\.\\" (not run: .*|ends: .*)$/.exec(line)
    return comment === null ? line.replaceAll('\\-', '-') : `<!-- ${comment[1]} -->`
  })
  return readPage(name, markdown.join('\n'))
}

function find(name: string, lines: readonly string[]): Found[] {
  const found: Found[] = []
  let marks: Record<string, string> = {}
  let at = 0
  while (at < lines.length) {
    const line = lines[at] ?? ''
    const comment = /^ *<!-- (.*) -->$/.exec(line)
    const fence = /^ *```(\w*)$/.exec(line)
    const isIndented = /^ {4}/.test(line) && (lines[at - 1] ?? '').trim() === ''
    if (comment !== null) {
      const [, mark = '', value = ''] = MARKS.exec(comment[1] ?? '') ?? []
      if (mark === '') throw new PageError(`${name}:${at + 1}: no such mark: ${line}`)
      marks[mark] = value
      at++
    } else if (fence !== null || isIndented || (line.startsWith('|') && 'each' in marks)) {
      const end = endOf(lines, at, fence !== null ? 'fence' : isIndented ? 'indent' : 'table')
      const language = fence?.[1] ?? ''
      const kind = isIndented ? 'commands' : fence === null ? 'table' : KINDS[language]
      const inner = fence === null ? lines.slice(at, end) : lines.slice(at + 1, end - 1)
      found.push({ kind, language, at, lines: inner, marks, prose: '' })
      marks = {}
      at = end
    } else {
      if (line.trim() !== '' && Object.keys(marks).length > 0) {
        throw new PageError(`${name}:${at + 1}: a mark without a block`)
      }
      const last = found.at(-1)
      if (last !== undefined) last.prose += `${line} `
      at++
    }
  }
  return found
}

/** The line behind a block that begins at `at`. */
function endOf(lines: readonly string[], at: number, shape: 'fence' | 'indent' | 'table'): number {
  let end = at + 1
  if (shape === 'fence') {
    while (end < lines.length && (lines[end] ?? '').trim() !== '```') end++
    return end + 1
  }
  const goesOn = shape === 'table' ? /^\|/ : /^( {4}|\s*$)/
  while (end < lines.length && goesOn.test(lines[end] ?? '')) end++
  while ((lines[end - 1] ?? '').trim() === '') end--
  return end
}

function toBlock(name: string, { kind, language, at, lines, marks, prose }: Found): Block {
  const place = `${name}:${at + 1}`
  const file = marks['file']
  const notRun = marks['not run']
  const isKnown = kind !== undefined || file !== undefined || notRun !== undefined
  if (!isKnown) {
    throw new PageError(`${place}: \`${language}\` says nothing of how it is run: mark it`)
  }
  const margin = Math.min(
    ...lines.filter((line) => line.trim() !== '').map((line) => line.search(/\S/)),
  )
  return {
    place,
    // A configuration with a name is a file and a configuration.
    kind: file !== undefined && kind !== 'configuration' ? 'file' : (kind ?? 'file'),
    text: `${lines.map((line) => line.slice(margin)).join('\n')}\n`,
    notRun,
    file,
    ends: Number(marks['ends'] ?? 0),
    each: marks['each'],
    prints: [...prose.matchAll(/\bprints +`([^`]+)`/g)].map(([, text = '']) => text),
  }
}

/** What the rows of a table are run as; see `each` above. */
export function rowCommands({ text, each = '' }: Block): string[] {
  const program = each.split(' ', 1)[0] ?? ''
  return [...text.matchAll(/`([^`]+)`/g)].flatMap(([, code = '']) => {
    if (code.startsWith('-')) return [each.replace('{}', code)]
    return code.startsWith(`${program} `) ? [code] : []
  })
}
