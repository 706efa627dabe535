/**
 * Injection tokens: the name under which an implementation of an interface is registered. A token is declared beside
 * its interface and has the same name. It is a registered symbol, so that two copies of this module agree.
 */
export type Token<T> = symbol & { readonly __implements?: T }

export function token<T>(name: string): Token<T> {
  return Symbol.for(`switchyard:${name}`)
}
