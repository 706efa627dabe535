/** A table of many rows for measurements against another server, and how statements on it are timed. */
import { runClient, type Rival } from './rivals.js'

export function argument(name: string, otherwise: string): string {
  const at = process.argv.indexOf(`--${name}`)
  return at < 0 ? otherwise : (process.argv[at + 1] ?? otherwise)
}

export const SETUP = `CREATE DATABASE bench CHARACTER SET utf8mb4; USE bench;
  CREATE TABLE digits (d INT PRIMARY KEY); INSERT INTO digits VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9);
  CREATE TABLE facts (id INT PRIMARY KEY, k INT NOT NULL, amount DECIMAL(10, 2) NOT NULL, name VARCHAR(20) NOT NULL, at DATETIME NOT NULL)`

/** Keys come in no order. */
export function fillStatement(rows: number): string {
  const digits = Array.from({ length: Math.ceil(Math.log10(rows)) }, (_, i) => i)
  const number = digits.map((i) => `d${i}.d * ${10 ** i}`).join(' + ')
  const from = digits.map((i) => `digits d${i}`).join(', ')
  return `INSERT INTO facts SELECT n, n * 7919 % 1000, (n * 31 % 100000) / 100, CONCAT('name ', n * 17 % 1000),
    TIMESTAMP('2024-01-01') + INTERVAL n % 31536000 SECOND FROM (SELECT ${number} AS n FROM ${from}) numbers WHERE n < ${rows}`
}

/** Seconds that a statement takes, the client's start included. */
export function secondsOf(rival: Rival, sql: string, ...options: readonly string[]): number {
  const start = performance.now()
  runClient(rival, `USE bench; ${sql}`, ...options)
  return (performance.now() - start) / 1000
}

export function report(name: string, ours: number, theirs: number): void {
  const show = (time: number): string => `${time.toFixed(2)} s`.padStart(9)
  const ratio = (theirs / ours).toFixed(2)
  console.log(`${name.padEnd(26)} ours ${show(ours)} | mariadb ${show(theirs)} | ratio ${ratio}`)
}
