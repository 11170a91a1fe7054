import { isDeepStrictEqual } from 'node:util'
import type { PodSpec } from './pod.js'

/** Thrown for options that cannot be passed as JSON. */
export class Uncopyable extends Error {}

/** @param to who gets the options, as the subject of a sentence: `a container`. @throws Uncopyable */
export function requireCopyable({ executor: { usesWith, usesMetas } }: PodSpec, to: string): void {
  for (const value of [usesWith, usesMetas]) {
    let copy: unknown
    try {
      copy = JSON.parse(JSON.stringify(value))
    } catch (cause) {
      throw new Uncopyable(String(cause))
    }
    if (!isDeepStrictEqual(copy, { ...value }))
      throw new Uncopyable(`${to} gets them as JSON, which has no functions, dates, maps or typed arrays.`)
  }
}
