// Something that is shut at first and opens once: what must wait for it, waits here.

export class Gate {
  #isOpen = false
  #tasks: (() => void)[] = []

  get isOpen(): boolean {
    return this.#isOpen
  }

  /** Calls `task` now, or as soon as it is open, in the order of asking. */
  whenOpen(task: () => void): void {
    if (this.#isOpen) task()
    else this.#tasks.push(task)
  }

  open(): void {
    this.#isOpen = true
    const tasks = this.#tasks
    this.#tasks = []
    for (const task of tasks) task()
  }
}
