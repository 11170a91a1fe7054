/** A cell: text, or text with its colour codes. */
export interface Cell {
  readonly text: string
  readonly paint?: (text: string) => string
}

/** Formats rows with columns two spaces apart; columns in `right` are right-aligned. Colour codes have no width. */
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

/** Width in characters; wide scripts are miscounted, which only misaligns their rows. */
function widthOf(text: string): number {
  return [...text].length
}
