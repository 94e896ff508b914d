// One-line mutations of the server, each of which some test must notice. Here is what one says; how
// it is tried is try.ts's.

import type { Plant } from '../../test/support/plants.ts'

export interface Mutant extends Plant {
  /** The test files that are asked first: what stands beside the source. */
  readonly tests: readonly string[]
  /** Asked next: the conformance cases whose title has this, as a regular expression. */
  readonly cases?: string
  /** Why nothing can tell it from the source; only then it may survive, and then it must. */
  readonly equivalent?: string
}
