const width = 160
const height = 28

/** The last two minutes of a rate, one point a second; the number itself stands beside it. */
export function Sparkline({ points }: { readonly points: readonly number[] }) {
  if (points.length < 2) return null
  const most = Math.max(...points, 1)
  const step = width / 119
  const from = width - (points.length - 1) * step
  const line = points.map((value, index) => {
    const y = height - 2 - (value / most) * (height - 4)
    return `${(from + index * step).toFixed(1)},${y.toFixed(1)}`
  })
  return (
    <svg
      class="sparkline"
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
      aria-hidden="true"
    >
      <polyline points={line.join(' ')} />
    </svg>
  )
}
