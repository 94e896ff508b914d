// Turns: when late tasks, commits and flushes come, and who waits for what.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { VirtualClock, VirtualScheduler } from '../../test/support/virtual-clock.ts'
import { type Batch, COMMIT_RETRY_MS, COMMIT_RETRY_MS_MAX, LAZY_COMMIT_MS, Turn } from './turn.ts'

/** A batch whose commits end when the test says so. */
class ManualBatch implements Batch<string> {
  readonly appended: string[] = []
  readonly commits: ((error: Error | undefined) => void)[] = []
  isSynchronous = false

  append(record: string): void {
    this.appended.push(record)
  }

  commit(done: (error: Error | undefined) => void): void {
    if (this.isSynchronous) done(undefined)
    else this.commits.push(done)
  }
}

function setUp(isSynchronous = false) {
  const clock = new VirtualClock()
  const scheduler = new VirtualScheduler()
  const batch = new ManualBatch()
  batch.isSynchronous = isSynchronous
  const failures: string[] = []
  const recoveries: (readonly [attempts: number, forMs: number])[] = []
  const turn = new Turn<string>(
    scheduler,
    clock,
    batch,
    ({ message }, attempt) => failures.push(`${message}, ${attempt}`),
    (...recovery) => recoveries.push(recovery),
  )
  const log: string[] = []
  const waiter = (name: string) => ({
    durable: (ticket: number) => {
      log.push(`${name} ${ticket}`)
    },
  })
  const flushable = (name: string) => ({
    flush: () => {
      log.push(`flush ${name}`)
    },
  })
  return { clock, scheduler, batch, failures, recoveries, turn, log, waiter, flushable }
}

test('opening twice makes one turn, whose time stands still', () => {
  const { clock, scheduler, turn } = setUp()
  clock.advance(5)
  turn.open()
  assert.equal(turn.nowMs, clock.now())
  assert.equal(turn.wallMs, clock.wall())
  const { nowMs, wallMs } = turn
  clock.advance(7)
  turn.open()
  assert.deepEqual([turn.nowMs, turn.wallMs], [nowMs, wallMs])
  assert.equal(scheduler.pending, 1)
  scheduler.run()
  turn.open()
  assert.equal(turn.nowMs, 12)
})

test('late tasks run at the end in order, also those that late tasks set', () => {
  const { scheduler, turn, log } = setUp()
  turn.atEnd(() => {
    log.push('first')
    turn.atEnd(() => log.push('third'))
  })
  turn.atEnd(() => log.push('second'))
  assert.deepEqual(log, [])
  scheduler.run()
  assert.deepEqual(log, ['first', 'second', 'third'])
  assert.equal(scheduler.pending, 0)
})

test('what late tasks append is in the commit, and the flush comes after both', () => {
  const { scheduler, turn, log, batch, waiter, flushable } = setUp(true)
  turn.wrote(flushable('a'))
  turn.wrote(flushable('b'))
  turn.atEnd(() => {
    turn.append('late')
    turn.whenDurable(turn.ticket(), waiter('waiter'))
  })
  scheduler.run()
  assert.deepEqual(batch.appended, ['late'])
  assert.deepEqual(log, ['waiter 1', 'flush a', 'flush b'])
})

test('the newest ticket is that of a commit under way where nothing came after it', () => {
  const { scheduler, turn, batch, log, waiter } = setUp()
  assert.equal(turn.newestTicket(), 0)
  turn.append('a')
  assert.equal(turn.newestTicket(), 1)
  scheduler.run()
  assert.equal(turn.ticket(), 0)
  assert.equal(turn.newestTicket(), 1)
  turn.whenDurable(1, waiter('a'))
  turn.append('b')
  assert.equal(turn.newestTicket(), 2)
  batch.commits[0]?.(undefined)
  assert.deepEqual(log, ['a 1'])
  scheduler.run()
  batch.commits[1]?.(undefined)
  assert.equal(turn.newestTicket(), 0)
})

test('there is no ticket where nothing was appended', () => {
  const { scheduler, turn, batch } = setUp()
  assert.equal(turn.ticket(), 0)
  assert.equal(turn.isDurable(0), true)
  turn.open()
  assert.equal(turn.ticket(), 0)
  scheduler.run()
  assert.equal(batch.commits.length, 0)
})

test('what nobody waits for is appended and not committed, until somebody waits', () => {
  const { scheduler, turn, batch } = setUp()
  turn.append('alone')
  scheduler.run()
  assert.equal(batch.commits.length, 0)
  turn.open()
  const ticket = turn.ticket()
  assert.notEqual(ticket, 0)
  assert.equal(turn.isDurable(ticket), false)
  scheduler.run()
  assert.equal(batch.commits.length, 1)
  batch.commits[0]!(undefined)
  assert.equal(turn.isDurable(ticket), true)
})

test('all tickets of a turn are one commit', () => {
  const { scheduler, turn, batch, log, waiter } = setUp()
  turn.append('x')
  const first = turn.ticket()
  turn.append('y')
  const second = turn.ticket()
  assert.equal(first, second)
  turn.whenDurable(first, waiter('a'))
  turn.whenDurable(second, waiter('b'))
  scheduler.run()
  assert.equal(batch.commits.length, 1)
  assert.deepEqual(log, [])
  batch.commits[0]!(undefined)
  assert.deepEqual(log, [`a ${first}`, `b ${first}`])
})

test('turns during a commit join the next one, and one commit runs at a time', () => {
  const { scheduler, turn, batch, log, waiter } = setUp()
  const wait = (name: string): number => {
    turn.append(name)
    const ticket = turn.ticket()
    turn.whenDurable(ticket, waiter(name))
    return ticket
  }
  const one = wait('one')
  scheduler.run()
  const two = wait('two')
  scheduler.run()
  const three = wait('three')
  scheduler.run()
  assert.equal(batch.commits.length, 1)
  assert.ok(two > one)
  assert.equal(three, two)

  batch.commits[0]!(undefined)
  assert.deepEqual(log, [`one ${one}`])
  assert.equal(turn.isDurable(one), true)
  assert.equal(turn.isDurable(two), false)
  scheduler.run()
  assert.equal(batch.commits.length, 2)
  batch.commits[1]!(undefined)
  assert.deepEqual(log, [`one ${one}`, `two ${two}`, `three ${two}`])
  scheduler.run()
  assert.equal(batch.commits.length, 2)
})

test('who asks late for a commit under way hears of it', () => {
  const { scheduler, turn, batch, log, waiter } = setUp()
  turn.append('x')
  const ticket = turn.ticket()
  turn.whenDurable(ticket, waiter('early'))
  scheduler.run()
  turn.whenDurable(ticket, waiter('late'))
  batch.commits[0]!(undefined)
  assert.deepEqual(log, [`early ${ticket}`, `late ${ticket}`])
})

test('a commit that ends later opens a turn, so that who was released is flushed', () => {
  const { scheduler, turn, batch, log, flushable } = setUp()
  turn.append('x')
  turn.whenDurable(turn.ticket(), { durable: () => turn.wrote(flushable('a')) })
  scheduler.run()
  batch.commits[0]!(undefined)
  assert.deepEqual(log, [])
  scheduler.run()
  assert.deepEqual(log, ['flush a'])
})

test('a synchronous commit releases its waiters within the flush of the same turn', () => {
  const { scheduler, turn, log, flushable } = setUp(true)
  turn.append('x')
  turn.whenDurable(turn.ticket(), { durable: () => turn.wrote(flushable('a')) })
  assert.deepEqual(log, [])
  scheduler.run()
  assert.deepEqual(log, ['flush a'])
})

test('what a waiter of a synchronous commit begins gets a turn of its own', () => {
  const { scheduler, turn, batch, log, waiter } = setUp(true)
  turn.append('x')
  turn.whenDurable(turn.ticket(), {
    durable: () => {
      turn.atEnd(() => log.push('late task'))
      turn.append('y')
      turn.whenDurable(turn.ticket(), waiter('second'))
    },
  })
  scheduler.run()
  assert.deepEqual(batch.appended, ['x', 'y'])
  assert.deepEqual(log, ['late task', 'second 2'])
})

test('what a flush begins gets a turn of its own', () => {
  const { scheduler, turn, log } = setUp()
  turn.wrote({ flush: () => turn.atEnd(() => log.push('next turn')) })
  scheduler.run()
  assert.deepEqual(log, ['next turn'])
})

test('a failed commit is tried again, ever more slowly, and its waiters wait', () => {
  const { clock, scheduler, turn, batch, failures, recoveries, log, waiter } = setUp()
  turn.append('x')
  const ticket = turn.ticket()
  turn.whenDurable(ticket, waiter('waiter'))
  scheduler.run()
  let delayMs = COMMIT_RETRY_MS
  const beganMs = clock.now()
  for (let attempt = 1; attempt <= 10; attempt++) {
    assert.equal(batch.commits.length, attempt)
    batch.commits[attempt - 1]!(new Error(`disk ${attempt}`))
    assert.equal(failures.at(-1), `disk ${attempt}, ${attempt}`)
    clock.advance(delayMs - 1)
    scheduler.run()
    assert.equal(batch.commits.length, attempt)
    clock.advance(1)
    delayMs = Math.min(delayMs * 2, COMMIT_RETRY_MS_MAX)
  }
  assert.equal(delayMs, COMMIT_RETRY_MS_MAX)
  assert.deepEqual(log, [])
  assert.equal(turn.isDurable(ticket), false)
  assert.deepEqual(recoveries, [])
  const forMs = clock.now() - beganMs
  batch.commits[10]!(undefined)
  assert.deepEqual(log, [`waiter ${ticket}`])
  assert.deepEqual(recoveries, [[11, forMs]])

  // The next failure begins with the shortest delay again.
  turn.append('y')
  turn.ticket()
  scheduler.run()
  batch.commits[11]!(new Error('disk'))
  clock.advance(COMMIT_RETRY_MS)
  assert.equal(batch.commits.length, 13)
  assert.equal(failures.at(-1), 'disk, 1')
  batch.commits[12]!(undefined)
  assert.deepEqual(recoveries[1], [2, COMMIT_RETRY_MS])
})

test('turns go on while a commit fails, and theirs is the next', () => {
  const { clock, scheduler, turn, batch, log, waiter, flushable } = setUp()
  turn.append('x')
  turn.whenDurable(turn.ticket(), waiter('one'))
  scheduler.run()
  batch.commits[0]!(new Error('disk'))
  turn.append('y')
  turn.whenDurable(turn.ticket(), waiter('two'))
  turn.wrote(flushable('a'))
  scheduler.run()
  assert.deepEqual(log, ['flush a'])
  assert.equal(batch.commits.length, 1)
  clock.advance(COMMIT_RETRY_MS)
  batch.commits[1]!(undefined)
  scheduler.run()
  batch.commits[2]!(undefined)
  assert.deepEqual(log, ['flush a', 'one 1', 'two 2'])
})

test('what nobody waits for is committed a little later, once', () => {
  const { clock, scheduler, turn, batch } = setUp()
  turn.append('a')
  scheduler.run()
  clock.advance(LAZY_COMMIT_MS - 1)
  turn.append('b')
  scheduler.run()
  assert.equal(batch.commits.length, 0)
  clock.advance(1)
  scheduler.run()
  assert.equal(batch.commits.length, 1)
  // What comes during that commit waits for one of its own.
  turn.append('c')
  scheduler.run()
  clock.advance(LAZY_COMMIT_MS)
  scheduler.run()
  assert.equal(batch.commits.length, 1)
  batch.commits[0]?.(undefined)
  scheduler.run()
  clock.advance(LAZY_COMMIT_MS)
  scheduler.run()
  assert.equal(batch.commits.length, 2)
  batch.commits[1]?.(undefined)
  scheduler.run()
  assert.equal(clock.pending, 0, 'nothing is appended any more')
})

test('a commit that somebody waits for takes the rest along', () => {
  const { clock, scheduler, turn, batch } = setUp(true)
  turn.append('a')
  scheduler.run()
  assert.equal(clock.pending, 1)
  turn.append('b')
  assert.ok(turn.isDurable(0))
  const ticket = turn.ticket()
  scheduler.run()
  assert.ok(turn.isDurable(ticket))
  assert.equal(clock.pending, 0)
  assert.deepEqual(batch.appended, ['a', 'b'])
})

test('a turn that was stopped commits no more, nor tries again', () => {
  const { clock, scheduler, turn, batch, failures } = setUp()
  turn.append('a')
  turn.ticket()
  scheduler.run()
  batch.commits[0]?.(new Error('no disk'))
  scheduler.run()
  assert.deepEqual(failures, ['no disk, 1'])
  turn.append('b')
  scheduler.run()
  turn.stop()
  clock.advance(COMMIT_RETRY_MS_MAX)
  scheduler.run()
  assert.equal(batch.commits.length, 1)

  const idle = setUp()
  idle.turn.append('a')
  idle.scheduler.run()
  idle.turn.stop()
  assert.equal(idle.clock.pending, 0)
  idle.turn.append('b')
  idle.turn.ticket()
  idle.scheduler.run()
  assert.equal(idle.batch.commits.length, 0)
  assert.equal(idle.scheduler.pending, 0)
})
