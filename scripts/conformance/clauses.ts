// The clause table, test/conformance/clauses.tsv: one row for each statement of the standard, in
// our own words. Reads and checks its form; what tests a clause is not its matter.

export type Role = 'S' | 'C' | 'B'
export type Level = 'MUST' | 'SHOULD' | 'MAY'

export interface Clause {
  readonly id: string
  /** Of `5`, `3.1.1` and `3.1` those that have the clause. */
  readonly versions: readonly string[]
  /** Server, client, or both. */
  readonly role: Role
  readonly level: Level
  /** The numbers of the same rule in 3.1.1, as printed there. */
  readonly before: string
  /** Why nothing tests it yet; empty where something must. */
  readonly later: string
  readonly wording: string
}

const COLUMNS = 'id\tversions\trole\tlevel\tin 3.1.1\tlater\twording'
const ID = /^(?:MQTT(?:311)?-\d+\.\d+\.\d+-\d+|U5-\d\d|Q31-\d+)$/

/** Throws with the line where the table is not as it should be. */
export function parseClauses(text: string): readonly Clause[] {
  const [head, ...lines] = text.replace(/\n$/, '').split('\n')
  if (head !== COLUMNS) throw new Error('clauses.tsv:1: other columns than expected')
  const clauses = lines.map((line, at) => parseRow(line, at + 2))
  const seen = new Set<string>()
  for (const { id } of clauses) {
    if (seen.has(id)) throw new Error(`clauses.tsv: ${id} is there twice`)
    seen.add(id)
  }
  return clauses
}

function parseRow(line: string, number: number): Clause {
  const cells = line.split('\t')
  const [id = '', versions = '', role = '', level = '', before = '', later = '', wording = ''] =
    cells
  const fail = (what: string): never => {
    throw new Error(`clauses.tsv:${number}: ${what}`)
  }
  if (cells.length !== 7) fail(`${cells.length} cells instead of 7`)
  if (!ID.test(id)) fail(`no id: ${id}`)
  if (wording === '') fail('no wording')
  const known = versions.split(' ')
  if (known.some((version) => !['5', '3.1.1', '3.1'].includes(version))) fail('unknown version')
  if (role !== 'S' && role !== 'C' && role !== 'B') return fail(`unknown role: ${role}`)
  if (level !== 'MUST' && level !== 'SHOULD' && level !== 'MAY')
    return fail(`unknown level: ${level}`)
  if (id.startsWith('MQTT') && level !== 'MUST') fail('a numbered clause is a MUST')
  return { id, versions: known, role, level, before, later, wording }
}

/** `3` to `3.1.2`: the section that a clause stands in, for ordering and for headings. */
export function sectionOf(id: string): string {
  const numbered = /^MQTT-(\d+\.\d+)/.exec(id)
  if (numbered !== null) return numbered[1] ?? ''
  if (id.startsWith('MQTT311')) return 'Only in 3.1.1, or different there'
  return id.startsWith('U5') ? 'Statements without a number' : 'Only in 3.1'
}
