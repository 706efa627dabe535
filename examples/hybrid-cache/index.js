/**
 * A program with an engine of its own: the table `employees` of a remote MySQL server is copied once, and queries join the copy with
 * `employee_notes`, which stay on the remote. Set HR_HOST, HR_PORT, HR_USER and HR_PASSWORD to a server that has a database `company`
 * with both tables:
 *
 *     CREATE TABLE employees (id INT PRIMARY KEY, name VARCHAR(50), department VARCHAR(50), salary DECIMAL(10, 2));
 *     CREATE TABLE employee_notes (id INT PRIMARY KEY, employee_id INT, note TEXT, created DATE);
 */
import { openEngine } from '@switchyard/core/embedded'

const { HR_HOST = 'localhost', HR_PORT = '3306', HR_USER = 'root', HR_PASSWORD = '' } = process.env

// Nothing is kept: with `storage: 'lmdb', dataDir: './data'` the copy would be there at the next start.
const engine = await openEngine({ storage: 'memory' })
try {
  await engine.attachRemote('company', {
    host: HR_HOST,
    port: Number(HR_PORT),
    user: HR_USER,
    password: HR_PASSWORD,
    readOnly: true,
  })
  const employees = await engine.loadTable('company.employees')
  console.log(`${employees.rows} employees copied into ${employees.name}`)

  // The copy is asked here, the notes are asked there: only those of employees who earn enough.
  const notes = await engine.query(
    `SELECT e.name, e.department, n.note, n.created
       FROM cache.employees e JOIN company.employee_notes n ON n.employee_id = e.id
      WHERE e.salary > ? AND (n.created >= ? OR n.note LIKE '%urgent%')
      ORDER BY n.created DESC, e.name`,
    [50_000, '2024-01-01'],
  )
  for await (const { created, name, department, note } of notes) {
    console.log(`${created}  ${name} (${department}): ${note}`)
  }

  const totals = await engine.query(
    `SELECT e.department, COUNT(DISTINCT e.id) AS people, COUNT(n.id) AS notes, MAX(e.salary) AS highest
       FROM cache.employees e LEFT JOIN company.employee_notes n ON n.employee_id = e.id
      GROUP BY e.department ORDER BY e.department`,
  )
  console.table(await totals.all())

  // Whenever it has to be fresh.
  await employees.refresh()
} finally {
  await engine.close()
}
