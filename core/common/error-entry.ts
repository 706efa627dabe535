/** One line of the error catalogue. */
export interface ErrorEntry {
  readonly number: number
  readonly sqlState: string
  readonly message: string
}

export function entry(number: number, sqlState: string, message: string): ErrorEntry {
  return { number, sqlState, message }
}
