// `npm run bench -- [PART] [flags of the part]`: what the server costs, printed as Markdown. Each
// part is a file of its own that says what it measures.

const PARTS = {
  /** What a delivery costs, beside Mosquitto; the one that is meant where none is named. */
  deliveries: () => import('./deliveries.ts'),
  /** What connections and sessions take in memory, all open at once. */
  connections: () => import('./connections-part.ts'),
  /** What it costs that a client connects and disconnects. */
  connects: () => import('./connects.ts'),
  /** Whether clients that come and go leave anything behind. */
  churn: () => import('./churn-part.ts'),
  /** What rules cost. */
  rules: () => import('./rules.ts'),
  /** What keeping messages on disk costs. */
  durable: () => import('./durable.ts'),
  /** What an append to the journal alone costs. */
  journal: () => import('./journal.ts'),
  /** How long a server with much to remember takes to open. */
  opening: () => import('./opening.ts'),
} as const

function isPart(name: string | undefined): name is keyof typeof PARTS {
  return name !== undefined && name in PARTS
}

const [first, ...rest] = process.argv.slice(2)
const part = isPart(first) ? first : 'deliveries'
const { measure } = await PARTS[part]()
await measure(isPart(first) ? rest : process.argv.slice(2))
