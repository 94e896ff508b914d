// Who may import whom: the table of the house, and the rules that read it. The table is the
// architecture; docs/architecture.md tells the reasons.

import { posix } from 'node:path'
import { type Finding, lineOf, type Source } from './source.ts'

const PROTOCOL = ['base', 'core', 'codec', 'session'] as const
const EVERYTHING = [
  ...PROTOCOL,
  ...['fronts/mqtt', 'fronts/http', 'fronts/coap', 'fronts/admin', 'fronts/embedded'],
  ...['access', 'storage', 'cluster', 'net', 'client', 'config'],
]

/** For each part of src/: the other parts, or single files, that it may import. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  base: [],
  codec: ['base'],
  core: ['base'],
  session: ['base', 'core'],
  'fronts/mqtt': PROTOCOL,
  'fronts/http': ['base', 'core', 'codec'],
  'fronts/coap': ['base', 'core', 'codec'],
  'fronts/admin': ['base', 'core'],
  'fronts/embedded': ['base', 'core', 'session'],
  access: ['base', 'core'],
  storage: ['base', 'core'],
  cluster: ['base', 'core'],
  net: ['base'],
  client: ['base', 'codec', 'session'],
  config: ['base', 'core', 'src/fronts/mqtt/settings.ts', 'src/fronts/http/settings.ts'],
  cli: [
    ...['base', 'core', 'codec', 'access', 'config', 'client', 'server.ts'],
    // What works on a data directory without a server.
    ...['src/storage/offline.ts', 'src/storage/reading.ts', 'src/storage/store-figures.ts'],
    'src/net/scheduler.ts',
  ],
  'server.ts': EVERYTHING,
  'index.ts': ['server.ts', ...EVERYTHING],
}

/** These run in browsers and in the simulation: no package, no module of Node. */
const PURE = new Set(['base', 'codec', 'core', 'session', 'fronts/mqtt', 'fronts/embedded'])

/** Files whose name does not say so use nothing of Node. */
const ACCESS_NODE = /^src\/access\/(hash|file)-[^/]*$/

const SOCKETS = /^(node:)?(net|dgram|tls|http|https|http2)$/

export function checkLayers(source: Source): Finding[] {
  if (!source.isProduct) return []
  const findings: Finding[] = []
  const part = partOf(source.path)
  const allowed = MAY_IMPORT[part]
  const report = (rule: string, at: number, message: string): void => {
    findings.push({ path: source.path, line: lineOf(source, at), rule, message })
  }
  if (allowed === undefined) report('layer', 0, `${part} is no part of the house`)
  for (const { specifier, node } of source.imports) {
    const target = resolve(source.path, specifier)
    if (target === undefined) {
      if (PURE.has(part)) report('package', node.start, `${part} may not import ${specifier}`)
      if (part === 'access' && specifier.startsWith('node:') && !ACCESS_NODE.test(source.path)) {
        report('package', node.start, 'only hash-… and file-… of access use Node')
      }
      if (SOCKETS.test(specifier) && !mayOpenSockets(source.path)) {
        report('socket', node.start, `only net/ opens sockets, and imports ${specifier}`)
      }
    } else if (partOf(target) !== part) {
      const isAllowed = allowed?.includes(partOf(target)) === true || allowed?.includes(target)
      if (isAllowed !== true) report('layer', node.start, `${part} may not import ${target}`)
    }
  }
  return findings
}

/** Import cycles, of types as well: two files that must be read together are one file. */
export function checkCycles(sources: readonly Source[]): Finding[] {
  const imports = new Map<string, string[]>()
  for (const source of sources) {
    const targets = source.imports.map(({ specifier }) => resolve(source.path, specifier))
    imports.set(
      source.path,
      targets.filter((target) => target !== undefined),
    )
  }
  const findings: Finding[] = []
  const finished = new Set<string>()
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path)
    if (start !== -1) {
      const message = `import cycle: ${[...trail.slice(start), path].join(' -> ')}`
      findings.push({ path, line: 1, rule: 'cycle', message })
    }
    if (start !== -1 || finished.has(path)) return
    for (const target of imports.get(path) ?? []) visit(target, [...trail, path])
    finished.add(path)
  }
  for (const path of imports.keys()) visit(path, [])
  return findings
}

/** `src/codec/mqtt/decode.ts` is in `codec`; a front is a part by itself, and so is a root file. */
function partOf(path: string): string {
  const [top = '', first = '', second = ''] = path.split('/')
  if (top !== 'src') return top
  return first === 'fronts' ? `fronts/${second}` : first
}

/** The path of a relative import; undefined for a package or a module of Node. */
function resolve(from: string, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined
  return posix.join(posix.dirname(from), specifier)
}

function mayOpenSockets(path: string): boolean {
  return path.startsWith('src/net/') || path.startsWith('src/client/transport-')
}
