/**
 * Sizes of string literals, rounded up. A cached plan serves statements whose literals differ; what it decides by the length of
 * a literal, such as that a value fits its column unchecked, must hold for all of them. So the plan cache has the size class of
 * each string in its key, and a literal that becomes a parameter has the length of its class.
 */

const SMALLEST = 16
const SMALLEST_BITS = 4

/** The class of a literal that takes so many bytes of the statement, quotes included: powers of two from 16. */
export function sizeClassOf(bytes: number): number {
  return bytes <= SMALLEST ? 0 : 32 - Math.clz32(bytes - 1) - SMALLEST_BITS
}

/** No literal of the class has more characters or bytes. */
export function sizeOfClass(sizeClass: number): number {
  return SMALLEST * 2 ** sizeClass
}
