// `npm run conformance`: holds the clause table against the tests that name its clauses and the
// code that cites them, and writes docs/conformance.md. Fails on an id that the table does not
// have, on a clause for servers that nothing tests, and, with `--check`, when the page is not up
// to date.

import { readFileSync, writeFileSync } from 'node:fs'
import { glob } from 'node:fs/promises'
import { join, sep } from 'node:path'

import { CASES } from '../test/conformance/cases.ts'
import { type Case, clausesOf } from '../test/support/wire-script.ts'
import { type Clause, parseClauses } from './conformance/clauses.ts'
import { type Named, renderPage } from './conformance/page.ts'

const CITED = /\[((?:MQTT(?:311)?-\d+\.\d+\.\d+-\d+|U5-\d+|Q31-\d+))\]/g
const LEVELS: Readonly<Record<number, string>> = { 3: '3.1', 4: '3.1.1', 5: '5' }

const NOBODY: Named = { cases: [], versions: [], tests: [], code: [] }

export interface Report {
  /** Clauses that are tested as they must be. */
  readonly passed: number
  /** What is wrong, a line each. */
  readonly findings: readonly string[]
  readonly page: string
}

/** Everything is handed in, so that the test of this script can plant errors. */
export function conform(
  clauses: readonly Clause[],
  cases: readonly Case[],
  files: ReadonlyMap<string, string>,
): Report {
  const known = new Map(clauses.map((clause) => [clause.id, clause]))
  const findings = [...unknownIds(known, cases, files), ...titlesWithoutClause(cases)]
  const named = new Map(clauses.map((clause) => [clause.id, nameOf(clause, cases, files)]))
  const namedBy = (id: string): Named => named.get(id) ?? NOBODY
  let passed = 0
  for (const clause of clauses) {
    if (clause.role === 'C') continue
    const { versions, cases: titles } = namedBy(clause.id)
    const missing = clause.versions.filter((version) => !versions.includes(version))
    if (clause.later !== '') {
      if (titles.length > 0) findings.push(`${clause.id} is tested, and so not "later"`)
    } else if (missing.length === 0 || (clause.level !== 'MUST' && titles.length > 0)) passed += 1
    else if (clause.level === 'MUST')
      findings.push(`${clause.id} is a MUST that no case tests in ${missing.join(', ')}`)
  }
  return { passed, findings, page: renderPage(clauses, namedBy, cases.length) }
}

function unknownIds(
  known: ReadonlyMap<string, Clause>,
  cases: readonly Case[],
  files: ReadonlyMap<string, string>,
): string[] {
  const findings: string[] = []
  for (const { title } of cases) {
    for (const id of clausesOf(title))
      if (!known.has(id))
        findings.push(`a case names ${id}, which the table does not have: ${title}`)
  }
  for (const [path, text] of files) {
    text.split('\n').forEach((line, at) => {
      for (const [, id = ''] of line.matchAll(CITED))
        if (!known.has(id)) findings.push(`${path}:${at + 1}: the table has no clause ${id}`)
    })
  }
  return findings
}

function titlesWithoutClause(cases: readonly Case[]): string[] {
  const findings: string[] = []
  const seen = new Set<string>()
  for (const { title, versions } of cases) {
    if (clausesOf(title).length === 0) findings.push(`a case names no clause: ${title}`)
    for (const version of versions) {
      const name = `${title} (version ${version})`
      if (seen.has(name)) findings.push(`two cases have one title: ${name}`)
      seen.add(name)
    }
  }
  return findings
}

/** A case counts for a clause only where it is played in a version that has the clause. */
function nameOf(clause: Clause, cases: readonly Case[], files: ReadonlyMap<string, string>): Named {
  const naming = cases
    .filter(({ title }) => clausesOf(title).includes(clause.id))
    .map(({ title, versions }) => ({
      title: title.replace(/^(?:\[[^\]]+\]\s*)+/, ''),
      versions: versions.map((version) => LEVELS[version] ?? ''),
    }))
    .filter(({ versions }) => versions.some((version) => clause.versions.includes(version)))
  const citing = [...files]
    .filter(([, text]) => text.includes(`[${clause.id}]`))
    .map(([path]) => path)
    .sort()
  return {
    cases: [...new Set(naming.map(({ title }) => title))],
    versions: [...new Set(naming.flatMap(({ versions }) => versions))],
    tests: citing.filter((path) => path.endsWith('.test.ts')),
    code: citing.filter((path) => path.startsWith('src/') && !path.endsWith('.test.ts')),
  }
}

async function readFiles(root: string): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>()
  for await (const name of glob('{src,test,bench,scripts}/**/*.ts', { cwd: root }))
    files.set(name.split(sep).join('/'), readFileSync(join(root, name), 'utf8'))
  return files
}

if (import.meta.main) {
  const root = join(import.meta.dirname, '..')
  const table = readFileSync(join(root, 'test/conformance/clauses.tsv'), 'utf8')
  const report = conform(parseClauses(table), CASES, await readFiles(root))
  const target = join(root, 'docs/conformance.md')
  const findings = [...report.findings]
  if (!process.argv.includes('--check')) writeFileSync(target, report.page)
  else if (readOrEmpty(target) !== report.page)
    findings.push('docs/conformance.md is not up to date: npm run conformance')
  for (const finding of findings) console.log(finding)
  console.log(`${report.passed} passed, ${findings.length} failed`)
  if (findings.length > 0) process.exitCode = 1
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
