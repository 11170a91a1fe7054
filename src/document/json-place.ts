import { MillraceError } from '../errors.js'

/** Keys and indices from the outermost value: `['data', 3, 'tensor']`. */
export type Place = readonly (string | number)[]

const places = new WeakMap<MillraceError, Wrong>()

/**
 * An INVALID_INPUT at a place inside of an outer value. The message begins with the place, `data[3].tensor: …`; other errors
 * are returned unchanged.
 */
export function within(error: unknown, ...outer: Place): unknown {
  if (!MillraceError.is(error) || error.code !== 'INVALID_INPUT') return error
  const inner = places.get(error)
  const place = [...outer, ...(inner?.place ?? [])]
  const reason = inner?.reason ?? error.message
  const placed = new MillraceError('INVALID_INPUT', `${placeText(place)}: ${reason}`, { cause: error.cause })
  setPlace(placed, { place, reason })
  return placed
}

/** Where a JSON text is wrong, and why. */
export interface Wrong {
  readonly place: Place
  readonly reason: string
}

/** Makes `placeOf` return `wrong` for an error. */
export function setPlace(error: MillraceError, wrong: Wrong): void {
  places.set(error, wrong)
}

/** Where the JSON was wrong, and why; undefined for errors without a place. */
export function placeOf(error: MillraceError): Wrong | undefined {
  return places.get(error)
}

function placeText(place: Place): string {
  return place
    .map((step, at) => (typeof step === 'number' ? `[${step}]` : at === 0 ? step : `.${step}`))
    .join('')
}
