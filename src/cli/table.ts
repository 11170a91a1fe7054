/** A cell is text, or text with what its colouring adds around it. */
export interface Cell {
  readonly text: string
  readonly paint?: (text: string) => string
}

/** Lines of columns two spaces apart; those in `right` are flush right. Colours do not count as width. */
export function table(
  rows: readonly (readonly (string | Cell)[])[],
  right: ReadonlySet<number> = new Set(),
): string[] {
  const cells = rows.map((row) => row.map((cell) => (typeof cell === 'string' ? { text: cell } : cell)))
  const columns = Math.max(0, ...cells.map((row) => row.length))
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...cells.map((row) => widthOf(row[column]?.text ?? ''))),
  )
  return cells.map((row) =>
    row
      .map(({ text, paint = (plain) => plain }, column) => {
        const space = ' '.repeat(widths[column]! - widthOf(text))
        return right.has(column) ? space + paint(text) : paint(text) + space
      })
      .join('  ')
      .trimEnd(),
  )
}

/** In characters; wide scripts are a column short, which only bends a line. */
function widthOf(text: string): number {
  return [...text].length
}
