"""A session of PyMySQL against the server on the port that is given; ends with "done" when everything was as it should be."""
import datetime
import decimal
import sys

import pymysql
import pymysql.cursors

PORT = int(sys.argv[1])


def connect(**more):
    return pymysql.connect(host="127.0.0.1", port=PORT, user="root", **more)


def check(actual, expected):
    if actual != expected:
        raise AssertionError(f"{actual!r} instead of {expected!r}")


def raises(kind, number, run):
    try:
        run()
    except kind as error:
        check(error.args[0], number)
    else:
        raise AssertionError(f"no {kind.__name__} {number}")


def types(connection):
    with connection.cursor() as cursor:
        cursor.execute(
            """CREATE TABLE kinds (id INT AUTO_INCREMENT PRIMARY KEY, tiny TINYINT UNSIGNED, wide BIGINT, amount DECIMAL(20, 6),
               ratio DOUBLE, small FLOAT, day DATE, moment DATETIME(6), span TIME(3), year YEAR, name VARCHAR(100), body TEXT,
               raw VARBINARY(100), piece BLOB, flags SET('a', 'b', 'c'), mood ENUM('good', 'bad'), bits BIT(10), document JSON)"""
        )
        row = (
            255,
            -(2**63),
            decimal.Decimal("-12345678901234.567891"),
            0.1,
            1.5,
            datetime.date(2024, 2, 29),
            datetime.datetime(2024, 2, 29, 23, 59, 59, 123456),
            datetime.timedelta(hours=700, minutes=1, milliseconds=5),
            2024,
            "naïve 😀 'quoted' \\ \"",
            "line\nbreak\0nul",
            bytes(range(100)),
            bytes(range(256)),
            "a,c",
            "bad",
            b"\x02\x01",
            '{"a": [1, null, "é"]}',
        )
        places = ", ".join(["%s"] * len(row))
        cursor.execute(f"INSERT INTO kinds VALUES (NULL, {places})", row)
        check(cursor.lastrowid, 1)
        check(cursor.rowcount, 1)
        cursor.execute("INSERT INTO kinds (id) VALUES (NULL)")
        cursor.execute("SELECT * FROM kinds ORDER BY id")
        first, second = cursor.fetchall()
        check(first, (1, *row))
        check(second, (2, *[None] * len(row)))
        # PyMySQL writes negative intervals wrongly, but reads them.
        cursor.execute("SELECT TIME'-700:01:00.005'")
        check(cursor.fetchone(), (-datetime.timedelta(hours=700, minutes=1, milliseconds=5),))


def statements(connection):
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE items (id INT PRIMARY KEY AUTO_INCREMENT, name VARCHAR(20) UNIQUE, price DECIMAL(8, 2))")
        check(cursor.executemany("INSERT INTO items (name, price) VALUES (%s, %s)", [(f"item {i}", i / 4) for i in range(500)]), 500)
        check(cursor.execute("UPDATE items SET price = price + 1 WHERE id <= %s", (10,)), 10)
        check(cursor.execute("UPDATE items SET price = price WHERE id <= %s", (10,)), 0)
        check(cursor.execute("DELETE FROM items WHERE id > %s", (490,)), 10)
        cursor.execute("SELECT COUNT(*), SUM(price), AVG(price), MAX(name) FROM items")
        check(cursor.fetchone(), (490, decimal.Decimal("29961.25"), decimal.Decimal("61.145408"), "item 99"))
        cursor.execute("SELECT name FROM items WHERE name IN %s ORDER BY id DESC", (["item 3", "item 30"],))
        check([name for (name,) in cursor], ["item 30", "item 3"])
        raises(pymysql.err.IntegrityError, 1062, lambda: cursor.execute("INSERT INTO items (name) VALUES ('item 1')"))
        raises(pymysql.err.ProgrammingError, 1146, lambda: cursor.execute("SELECT * FROM nothing"))
        raises(pymysql.err.ProgrammingError, 1064, lambda: cursor.execute("SELEKT 1"))
        raises(pymysql.err.DataError, 1406, lambda: cursor.execute("INSERT INTO items (name) VALUES (REPEAT('x', 21))"))
        raises(pymysql.err.OperationalError, 1054, lambda: cursor.execute("SELECT missing FROM items"))
    with connection.cursor(pymysql.cursors.DictCursor) as cursor:
        cursor.execute("SELECT id, price AS cost FROM items WHERE id = 2")
        check(cursor.fetchall(), [{"id": 2, "cost": decimal.Decimal("1.25")}])
    with connection.cursor(pymysql.cursors.SSCursor) as cursor:
        cursor.execute("SELECT a.id FROM items a JOIN items b ON a.id >= b.id ORDER BY a.id, b.id")
        check(sum(1 for _ in cursor), 490 * 491 // 2)


def transactions(connection):
    other = connect(database="python")
    connection.begin()
    with connection.cursor() as cursor, other.cursor() as reader:
        cursor.execute("UPDATE items SET price = 1000 WHERE id = 1")
        reader.execute("SELECT price FROM items WHERE id = 1")
        check(reader.fetchone(), (decimal.Decimal("1.00"),))
        connection.rollback()
        cursor.execute("SELECT price FROM items WHERE id = 1")
        check(cursor.fetchone(), (decimal.Decimal("1.00"),))
        connection.begin()
        cursor.execute("UPDATE items SET price = 1000 WHERE id = 1")
        reader.execute("SET innodb_lock_wait_timeout = 1")
        raises(pymysql.err.OperationalError, 1205, lambda: reader.execute("UPDATE items SET price = 1 WHERE id = 1"))
        connection.commit()
        other.rollback()
        reader.execute("SELECT price FROM items WHERE id = 1")
        check(reader.fetchone(), (decimal.Decimal("1000.00"),))
    other.close()


def results(connection):
    several = connect(database="python", client_flag=pymysql.constants.CLIENT.MULTI_STATEMENTS)
    with several.cursor() as cursor:
        cursor.execute("SELECT 1; SET @a = 5; SELECT @a, @a + 1")
        check(cursor.fetchall(), ((1,),))
        check(cursor.nextset(), True)
        check(cursor.nextset(), True)
        check(cursor.fetchall(), ((5, 6),))
        check(cursor.nextset(), None)
    several.close()
    with connection.cursor() as cursor:
        cursor.execute("SHOW DATABASES LIKE 'pyth%'")
        check(cursor.fetchall(), (("python",),))
        cursor.execute("SHOW WARNINGS")
        check(cursor.fetchall(), ())
        big = "ä" * 3_000_000
        cursor.execute("SELECT %s, LENGTH(%s)", (big, big))
        check(cursor.fetchone(), (big, 6_000_000))
    check(connection.get_server_info()[:2], "8.")
    connection.ping(reconnect=False)
    connection.select_db("mysql")


def main():
    connection = connect(charset="utf8mb4")
    with connection.cursor() as cursor:
        cursor.execute("CREATE DATABASE python")
    connection.select_db("python")
    connection.autocommit(True)
    for part in (types, statements, transactions, results):
        part(connection)
    connection.close()
    raises(pymysql.err.OperationalError, 1045, lambda: connect(password="wrong"))
    raises(pymysql.err.OperationalError, 1049, lambda: connect(database="nothing"))
    print("done")


main()
