import { MillraceError } from '../errors.js'

/**
 * Takes the place of `document/find.ts` in `millrace/client` (`scripts/bundle.mjs`): search in memory, by filters and vectors,
 * is a seventh of its size, and a page lets the Flow search.
 *
 * @throws UNSUPPORTED
 */
function refuse(): never {
  const what =
    'millrace/client has no find() and match(): use filter(), the Flow, or the documents of millrace/document.'
  throw new MillraceError('UNSUPPORTED', what)
}

export { refuse as findNearest, refuse as findWhere }
