/** A click-stream table, and ten analytical queries over it. */

export const HIT = `(id BIGINT PRIMARY KEY, user_id INT NOT NULL, session BIGINT NOT NULL, day DATE NOT NULL, at DATETIME NOT NULL,
  country VARCHAR(2) NOT NULL, url VARCHAR(200) NOT NULL, agent VARCHAR(100), status SMALLINT NOT NULL, duration INT,
  amount DECIMAL(10, 2) NOT NULL)`

export const COUNTRY = '(code VARCHAR(2) PRIMARY KEY, region VARCHAR(20))'

export const QUERIES = [
  ['count', 'SELECT COUNT(*) FROM hit WHERE duration > 500'],
  ['few groups', 'SELECT country, COUNT(*), AVG(amount) FROM hit GROUP BY country'],
  [
    'many groups',
    'SELECT user_id, COUNT(*), SUM(amount) AS s FROM hit GROUP BY user_id ORDER BY s DESC, user_id LIMIT 10',
  ],
  [
    'filter and top',
    "SELECT id, at, amount FROM hit WHERE day >= '2024-06-01' AND status = 200 ORDER BY amount DESC, id LIMIT 10",
  ],
  ['two distinct counts', 'SELECT COUNT(DISTINCT user_id), COUNT(DISTINCT session) FROM hit'],
  [
    'join',
    'SELECT c.region, COUNT(*), SUM(h.amount) FROM hit h JOIN country c ON c.code = h.country GROUP BY c.region',
  ],
  [
    'rank',
    'SELECT * FROM (SELECT country, day, s, RANK() OVER (PARTITION BY country ORDER BY s DESC) AS r FROM (SELECT country, day, SUM(amount) AS s FROM hit GROUP BY country, day) x) y WHERE r <= 3',
  ],
  ['text groups', 'SELECT url, COUNT(*) AS n FROM hit GROUP BY url ORDER BY n DESC, url LIMIT 10'],
  ['LIKE', "SELECT COUNT(*) FROM hit WHERE url LIKE '%page/77%'"],
  [
    'sums',
    'SELECT YEAR(day), MONTH(day), SUM(amount), SUM(duration), MIN(at), MAX(at) FROM hit GROUP BY 1, 2 ORDER BY 1, 2',
  ],
] as const

export function countryOf(index: number): string {
  return String.fromCharCode(65 + (index % 26), 65 + Math.floor(index / 26))
}

/** For VALUES. */
export function countryRows(): string {
  return Array.from({ length: 50 }, (_, i) => `('${countryOf(i)}', 'Region ${i % 7}')`).join()
}
