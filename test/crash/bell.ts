// Waiting for something to become true: conditions are looked at whenever the bell rings, which is
// when something came from the server. Bounded in time.

export class Bell {
  readonly #waits = new Set<() => void>()

  ring(): void {
    for (const look of this.#waits) look()
  }

  /** True as soon as `condition` holds; false when it does not within `msMax`. */
  until(condition: () => boolean, msMax: number): Promise<boolean> {
    if (condition()) return Promise.resolve(true)
    return new Promise((resolve) => {
      const end = (isTrue: boolean): void => {
        clearTimeout(late)
        this.#waits.delete(look)
        resolve(isTrue)
      }
      const look = (): void => {
        if (condition()) end(true)
      }
      const late = setTimeout(() => end(condition()), msMax)
      this.#waits.add(look)
    })
  }
}

export function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
