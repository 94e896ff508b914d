// The rules that need only one file: sizes, names, and what the product may not touch. Each rule
// has a planted violation in tidy.test.ts; a rule without one fails there.

import {
  type Finding,
  isNode,
  lineOf,
  type Node,
  nameOf,
  type Place,
  type Source,
} from './source.ts'

const FILE_LINES_MAX = 500
const FUNCTION_LINES_MAX = 70
const COLUMNS_MAX = 100

type Check = (source: Source, report: (at: number, message: string) => void) => void

const FUNCTIONS = new Set(['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression'])
const DECLARATIONS = new Set([
  ...['VariableDeclarator', 'FunctionDeclaration', 'ClassDeclaration', 'TSInterfaceDeclaration'],
  ...['TSTypeAliasDeclaration', 'MethodDefinition', 'PropertyDefinition', 'TSPropertySignature'],
  ...['TSMethodSignature'],
])
const PACKETS =
  'Connect|Connack|Publish|Puback|Pubrec|Pubrel|Pubcomp|Subscribe|Suback|Unsubscribe|Unsuback|' +
  'Pingreq|Pingresp|Disconnect|Auth'
const BAD_TAIL = /(?:^|[a-z0-9])(Manager|Helper|Util|Data|Info|Impl|Base)s?$/
// MQTT's own words for these two properties.
const SPEC_NAMES = new Set(['correlationData', 'authenticationData'])
const BAD_VERB = new RegExp(`^(?:process[A-Z]|do[A-Z]|handle(?!(?:${PACKETS})(?![a-z]))[A-Z])`)
const BAD_FILE = /(?:^|[-/])(manager|helper|util|data|info|impl|base)s?(\.test)?\.ts$/
const COMPARISONS = new Set(['===', '!==', '==', '!=', '<', '<=', '>', '>='])
const TIMERS = new Set(['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask'])
const CHANCE = new Set(['getRandomValues', 'randomUUID', 'randomBytes', 'randomInt'])
const TEST_CALLS = new Set(['test', 'it', 'describe', 'suite'])
const TEST_MARKS = new Set(['only', 'skip', 'todo'])
const NODE_GLOBALS = new Set(['Buffer', 'process', 'console', '__dirname', 'require'])
const PURE_PATHS = /^src\/(base|codec|core|session|fronts\/mqtt)\//
const CLOCK_PATHS = /^src\/(net\/|cli\/|base\/(clock|random)\.ts$|access\/hash-bytes\.ts$)/
const VERSION_PATHS = /^src\/(codec\/|fronts\/mqtt\/dialect\.ts$)/

export const RULES: Readonly<Record<string, Check>> = {
  'file-length'(source, report) {
    const lines = source.lines.length - 1
    if (lines > FILE_LINES_MAX) report(0, `${lines} lines, at most ${FILE_LINES_MAX}`)
  },

  'function-length'(source, report) {
    for (const place of source.places) {
      if (!FUNCTIONS.has(place.node.type) || isDescription(place)) continue
      const { start, end } = place.node
      const lines = lineOf(source, end) - lineOf(source, start) + 1
      if (lines > FUNCTION_LINES_MAX) report(start, `${lines} lines, at most ${FUNCTION_LINES_MAX}`)
    }
  },

  columns(source, report) {
    let offset = 0
    for (const line of source.lines) {
      // A string has at most as many characters as code units, so most lines are not counted.
      const columns = line.length > COLUMNS_MAX ? columnsOf(line) : 0
      if (columns > COLUMNS_MAX) report(offset, `${columns} columns, at most ${COLUMNS_MAX}`)
      offset += line.length + 1
    }
  },

  'file-name'(source, report) {
    const bad = BAD_FILE.exec(source.path)
    if (bad !== null) report(0, `a file named ${bad[1]} says nothing: name what it holds`)
  },

  name(source, report) {
    for (const { node, name } of declaredNames(source)) {
      const tail = BAD_TAIL.exec(name)?.[1]
      if (SPEC_NAMES.has(name)) continue
      if (tail !== undefined) report(node.start, `${name}: the tail ${tail} says nothing`)
      else if (BAD_VERB.test(name)) report(node.start, `${name}: name what it does, or the packet`)
    }
  },

  version(source, report) {
    if (!source.isProduct || VERSION_PATHS.test(source.path)) return
    for (const { node } of source.places) {
      const sides = comparedBy(node)
      if (!sides.some(isVersion)) continue
      report(node.start, 'only the codec and dialect.ts ask for the version')
    }
  },

  clock(source, report) {
    if (!source.isProduct || CLOCK_PATHS.test(source.path)) return
    for (const place of source.places) {
      const use = timeOrChance(place)
      if (use !== undefined) report(place.node.start, `${use}: time and chance are handed in`)
    }
  },

  'node-global'(source, report) {
    if (!source.isProduct || !PURE_PATHS.test(source.path)) return
    for (const place of source.places) {
      const name = nameOf(place.node)
      if (name === undefined || !NODE_GLOBALS.has(name) || !isReference(place)) continue
      report(place.node.start, `${name} is Node's, and this part also runs elsewhere`)
    }
  },

  leftover(source, report) {
    for (const { value, start } of source.comments) {
      const word = /\b(FIXME|TODO|XXX)\b/.exec(value)?.[1]
      if (word !== undefined) report(start, `leftover ${word}`)
    }
  },

  'test-mark'(source, report) {
    for (const { node, parent } of source.places) {
      const isMark =
        node.type === 'MemberExpression'
          ? TEST_CALLS.has(nameOf(node['object']) ?? '') &&
            TEST_MARKS.has(nameOf(node['property']) ?? '')
          : isMarkOption(node, parent)
      if (isMark) report(node.start, 'a test that is left out, or leaves out the others')
    }
  },

  header(source, report) {
    if (!source.isProduct || /^\/[/*]/.test(source.text)) return
    report(0, 'opens without a comment that says what it is and what it is not')
  },

  inheritance(source, report) {
    if (!source.isProduct) return
    for (const { node } of source.places) {
      const parent = node['superClass']
      if (!isNode(parent) || nameOf(parent)?.endsWith('Error') === true) continue
      report(node.start, 'only errors inherit')
    }
  },

  barrel(source, report) {
    if (!source.isProduct || /^src\/(client\/)?index\.ts$/.test(source.path)) return
    for (const { node } of source.imports) {
      if (node.type.startsWith('Export')) report(node.start, 're-exports: import from the source')
    }
  },
}

export function checkFile(source: Source): Finding[] {
  const findings: Finding[] = []
  for (const [rule, check] of Object.entries(RULES)) {
    check(source, (at, message) => {
      findings.push({ path: source.path, line: lineOf(source, at), rule, message })
    })
  }
  return findings
}

function columnsOf(line: string): number {
  let columns = 0
  for (const _ of line) columns += 1
  return columns
}

/** The callback of `describe` only groups tests, and is as long as they are. */
function isDescription({ parent }: Place): boolean {
  if (parent?.node.type !== 'CallExpression') return false
  const name = nameOf(parent.node['callee'])
  return name === 'describe' || name === 'suite'
}

function declaredNames(source: Source): { node: Node; name: string }[] {
  return source.places.flatMap(({ node, field, parent }) => {
    const name = nameOf(node)
    if (name === undefined || parent === undefined) return []
    const isParameter = field === 'params'
    const isDeclared = (field === 'id' || field === 'key') && DECLARATIONS.has(parent.node.type)
    return isParameter || isDeclared ? [{ node, name }] : []
  })
}

function comparedBy(node: Node): unknown[] {
  if (node.type === 'SwitchStatement') return [node['discriminant']]
  if (node.type !== 'BinaryExpression') return []
  return COMPARISONS.has(String(node['operator'])) ? [node['left'], node['right']] : []
}

function isVersion(side: unknown): boolean {
  if (!isNode(side)) return false
  const name = side.type === 'MemberExpression' ? nameOf(side['property']) : nameOf(side)
  return name !== undefined && /version$/i.test(name)
}

function timeOrChance(place: Place): string | undefined {
  const { node } = place
  const name = nameOf(node)
  if (name !== undefined) {
    return (TIMERS.has(name) || CHANCE.has(name)) && isReference(place) ? name : undefined
  }
  if (node.type === 'NewExpression') {
    const isNow = nameOf(node['callee']) === 'Date' && isEmpty(node['arguments'])
    return isNow ? 'new Date()' : undefined
  }
  if (node.type !== 'MemberExpression') return undefined
  const object = nameOf(node['object'])
  const property = nameOf(node['property'])
  const use = `${object ?? ''}.${property ?? ''}`
  if (['Date.now', 'Math.random', 'performance.now', 'process.hrtime'].includes(use)) return use
  return CHANCE.has(property ?? '') || (object === 'globalThis' && TIMERS.has(property ?? ''))
    ? use
    : undefined
}

/** Not the name of a member or of a field, but a use of the variable itself. */
function isReference({ field, parent }: Place): boolean {
  if (parent === undefined) return false
  if (field === 'property' && parent.node.type === 'MemberExpression') return false
  return field !== 'key' || parent.node['shorthand'] === true
}

function isMarkOption(node: Node, parent: Place | undefined): boolean {
  if (node.type !== 'Property' || !TEST_MARKS.has(nameOf(node['key']) ?? '')) return false
  const call = parent?.parent?.node
  if (call?.type !== 'CallExpression' || !TEST_CALLS.has(nameOf(call['callee']) ?? '')) return false
  const value = node['value']
  return isNode(value) && value.type === 'Literal' && value['value'] !== false
}

function isEmpty(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0
}
