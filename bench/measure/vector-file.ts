import { mkdirSync, writeFileSync } from 'node:fs'

import { repositoryPath } from './peers.js'

/** Writes rows of float32 numbers in [-1, 1), the same for a seed; gives the file's path. */
export function vectorFile(rows: number, dim: number, seed: number): string {
  let state = seed
  const next = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0
    return state / 2 ** 31
  }
  mkdirSync(repositoryPath('.cache/bench'), { recursive: true })
  const path = repositoryPath(`.cache/bench/vectors-${rows}-${dim}-${seed}.bin`)
  writeFileSync(path, Float32Array.from({ length: rows * dim }, next))
  return path
}
