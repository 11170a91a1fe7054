import { MillraceError } from '../errors.js'

/**
 * Takes the place of `document/find.ts` in `millrace/client` (`scripts/bundle.mjs`): search in memory, by filters and vectors,
 * is a seventh of its size, and a page lets the Flow search.
 *
 * @throws UNSUPPORTED
 */
function refuse(): never {
  const what =
    'millrace/client has neither find() nor match(): use filter(), let the Flow search, or convert the documents to those of millrace/document.'
  throw new MillraceError('UNSUPPORTED', what)
}

export { refuse as findNearest, refuse as findWhere }
