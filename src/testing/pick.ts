/** A random element; undefined for an empty list. */
export function pick<T>(among: readonly T[], random: () => number): T | undefined {
  return among[Math.floor(random() * among.length)]
}
