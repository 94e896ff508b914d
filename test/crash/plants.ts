// Builds of the server that must be found to lose what they acknowledged.

import type { Plant } from '../support/plants.ts'

export const CRASH_PLANTS: readonly Plant[] = [
  {
    name: 'acknowledgements leave before the commit',
    file: 'src/base/turn.ts',
    find: '    this.#isWanted = true\n    return this.#next\n',
    replace: '    this.#isWanted = true\n    return 0\n',
  },
]
