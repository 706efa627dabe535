/**
 * Goal: no password of a statement is readable in the process list. Method: statements of every form that has one.
 */
import { withoutSecrets } from './statement-secrets.js'

test.each([
  ["CREATE USER a IDENTIFIED BY 's3cret'", 'CREATE USER a IDENTIFIED BY <secret>'],
  [
    `ALTER USER a IDENTIFIED WITH x BY "s3'c" REPLACE 'o''ld'`,
    'ALTER USER a IDENTIFIED WITH x BY <secret> REPLACE <secret>',
  ],
  ["CREATE USER a IDENTIFIED WITH x AS '$A$005$hash'", 'CREATE USER a IDENTIFIED WITH x AS <secret>'],
  ["SET PASSWORD = 'it\\'s'", 'SET PASSWORD = <secret>'],
  ["SET PASSWORD FOR 'a'@'%' = 's3cret'", "SET PASSWORD FOR 'a'@'%' = <secret>"],
  [
    "CREATE SERVER s FOREIGN DATA WRAPPER mysql OPTIONS (USER 'u', PASSWORD 's3cret')",
    "CREATE SERVER s FOREIGN DATA WRAPPER mysql OPTIONS (USER 'u', PASSWORD <secret>)",
  ],
  [
    "CHANGE REPLICATION SOURCE TO SOURCE_PASSWORD='s3cret'",
    'CHANGE REPLICATION SOURCE TO SOURCE_PASSWORD=<secret>',
  ],
  ['CREATE DATABASE `a__remote__h__3306__d__u__s3cret`', 'CREATE DATABASE `a__remote__<secret>`'],
  ["SELECT a AS 'x', 'by'", "SELECT a AS 'x', 'by'"],
])('%s', (sql, shown) => {
  expect(withoutSecrets(sql)).toBe(shown)
})
