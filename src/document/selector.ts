import { MillraceError } from '../errors.js'
import type { Document } from './document.js'

interface Step {
  readonly kind: 'r' | 'c' | 'm'
  readonly from: number | undefined
  readonly to: number | undefined
  readonly step: number
}

/**
 * The Documents that a selector names, path by path.
 *
 * `r` are the Documents themselves, `c` their chunks, `m` their matches; consecutive letters descend, commas separate paths,
 * and `[2]`, `[-1]`, `[0:2]` or `[::2]` after a letter slices each list. A leading `@` is optional.
 * Throws INVALID_INPUT for anything else.
 */
export function selectDocuments(documents: Iterable<Document>, selector: string): Document[] {
  const paths = parseSelector(selector)
  const roots = Array.from(documents)
  return paths.flatMap((path) => path.reduce(descend, roots))
}

function descend(documents: readonly Document[], step: Step): Document[] {
  if (step.kind === 'r') return take(documents, step)
  return documents.flatMap((document) =>
    take(Array.from(step.kind === 'c' ? document.chunks : document.matches), step),
  )
}

function take(documents: readonly Document[], { from, to, step }: Step): Document[] {
  const part = documents.slice(from, to)
  return step === 1 ? part : part.filter((_, index) => index % step === 0)
}

const stepPattern = /([rcm])(?:\[([^\]]*)\]|((?:-?\d+)?(?::-?\d*){0,2}))/y

function parseSelector(selector: string): Step[][] {
  const compact = selector.replace(/\s+/g, '').replace(/^@/, '')
  return compact.split(',').map((path) => {
    const steps: Step[] = []
    stepPattern.lastIndex = 0
    while (stepPattern.lastIndex < path.length || steps.length === 0) {
      const found = stepPattern.exec(path)
      if (found === null) throw refused(selector)
      steps.push(parseStep(found[1] as Step['kind'], found[2] ?? found[3] ?? '', selector))
    }
    return steps
  })
}

function parseStep(kind: Step['kind'], range: string, selector: string): Step {
  if (range === '') return { kind, from: undefined, to: undefined, step: 1 }
  const parts = range.split(':').map((part) => (part === '' ? undefined : Number(part)))
  const [from, to, step = 1] = parts
  const whole = parts.every((part) => part === undefined || Number.isInteger(part))
  if (!whole || parts.length > 3 || step < 1) throw refused(selector)
  // -1 alone is the last one, so its end is open
  if (parts.length === 1) return { kind, from, to: from === -1 ? undefined : from! + 1, step: 1 }
  return { kind, from, to, step }
}

function refused(selector: string): MillraceError {
  return new MillraceError(
    'INVALID_INPUT',
    `'${selector}' is not a selector; write letters r (roots), c (chunks), m (matches), each with an optional [slice], as in '@r,c[0:2]m'.`,
  )
}
