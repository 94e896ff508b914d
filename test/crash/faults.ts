// What a server did wrong, counted by kind, with a few examples of each. Knows no MQTT.

/** The kinds, and how each is named in the summary. */
export const FAULTS = {
  lost: 'acknowledged messages lost',
  duplicate: 'QoS 2 duplicates',
  order: 'order faults',
  retained: 'wrong retained states',
  session: 'sessions forgotten',
  subscription: 'subscriptions forgotten',
  will: 'wrong wills',
  expiry: 'wrong expiries',
  protocol: 'protocol faults',
  server: 'server failures',
} as const
export type Fault = keyof typeof FAULTS

const EXAMPLES_MAX = 5

export class Faults {
  readonly #counts = new Map<Fault, number>()
  readonly #examples: string[] = []

  add(fault: Fault, what: string): void {
    const count = this.count(fault) + 1
    this.#counts.set(fault, count)
    if (count <= EXAMPLES_MAX) this.#examples.push(`${fault}: ${what}`)
  }

  count(fault: Fault): number {
    return this.#counts.get(fault) ?? 0
  }

  get total(): number {
    return [...this.#counts.values()].reduce((sum, count) => sum + count, 0)
  }

  /** The examples that were added since the last call. */
  news(): readonly string[] {
    return this.#examples.splice(0)
  }

  /** Every kind with its count, the zeros included. */
  summary(): string {
    return kinds()
      .map((fault) => `${this.count(fault)} ${FAULTS[fault]}`)
      .join(', ')
  }
}

export function kinds(): readonly Fault[] {
  return parseKinds(Object.keys(FAULTS))
}

function parseKinds(names: readonly string[]): readonly Fault[] {
  return names as Fault[]
}
