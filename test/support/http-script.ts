// Conversations over HTTP as tables: what is asked, and what of the answer matters.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Answer, HttpWorld, type HttpWorldOptions } from './http-world.ts'

type Body = string | Uint8Array

/** A text must be the same, a pattern must match, undefined must not be there. */
type Expected = string | RegExp | undefined

export interface Step {
  /** `GET /topics/a`. */
  readonly ask: string
  readonly with?: Readonly<Record<string, string>>
  readonly body?: Body
  readonly status: number
  readonly fields?: Readonly<Record<string, Expected>>
  readonly text?: Expected
  /** The last part of the problem's type. */
  readonly problem?: string
}

/** `{1}` in a step stands for the ETag that the first step was answered with, and so on. */
export type Conversation = readonly [
  title: string,
  steps: readonly Step[],
  options?: HttpWorldOptions,
]

export function playConversations(conversations: readonly Conversation[]): void {
  for (const [title, steps, options] of conversations) {
    test(title, async () => {
      const world = new HttpWorld(options)
      const tags: string[] = []
      for (const [at, step] of steps.entries()) {
        const fill = (text: string): string =>
          text.replace(/\{(\d)\}/g, (_all, number: string) => tags[Number(number) - 1] ?? '?')
        const headers: Record<string, string> = {}
        for (const [name, value] of Object.entries(step.with ?? {})) headers[name] = fill(value)
        const answer = await world.ask(step.ask, headers, step.body)
        tags.push(answer.fields['etag'] ?? '')
        check(answer, step, `step ${at + 1}, ${step.ask}: ${answer.status} ${answer.text}`, fill)
      }
    })
  }
}

function check(answer: Answer, step: Step, where: string, fill: (text: string) => string): void {
  assert.equal(answer.status, step.status, where)
  for (const [name, expected] of Object.entries(step.fields ?? {})) {
    checkText(answer.fields[name], expected, `${where}\n${name}`, fill)
  }
  if ('text' in step) checkText(answer.text, step.text, where, fill)
  if (step.status >= 400) checkProblem(answer, step, where)
}

function checkText(
  actual: string | undefined,
  expected: Expected,
  where: string,
  fill: (text: string) => string,
): void {
  if (expected instanceof RegExp) assert.match(actual ?? '', expected, where)
  else assert.equal(actual, expected === undefined ? expected : fill(expected), where)
}

/** Every refusal has the one form. */
function checkProblem({ fields, text, status }: Answer, step: Step, where: string): void {
  if (step.ask.startsWith('HEAD')) return assert.equal(text, '', where)
  if (fields['content-type']?.startsWith('text/plain')) return
  assert.equal(fields['content-type'], 'application/problem+json', where)
  const problem = JSON.parse(text) as Record<string, unknown>
  assert.equal(problem['status'], status, where)
  assert.ok(typeof problem['title'] === 'string' && typeof problem['detail'] === 'string', where)
  if (step.problem !== undefined) {
    assert.equal(problem['type'], `urn:rameau:problem:${step.problem}`, where)
  }
}
