/** How clients of Millrace call themselves. */
export const userAgent = 'millrace'
