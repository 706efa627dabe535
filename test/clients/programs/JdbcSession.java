import java.math.BigDecimal;
import java.sql.*;
import java.util.*;

/** A session of JDBC against the server on the port that is given; ends with "done" when everything was as it should be. */
public class JdbcSession {
    private static String url;

    public static void main(String[] args) throws Exception {
        url = "jdbc:mariadb://127.0.0.1:" + args[0] + "/";
        try (Connection connection = DriverManager.getConnection(url + "?user=root");
                Statement statement = connection.createStatement()) {
            statement.execute("CREATE DATABASE java");
        }
        for (String options : List.of("", "&useServerPrepStmts=true", "&rewriteBatchedStatements=true")) {
            try (Connection connection = connect(options)) {
                types(connection);
                keysAndBatches(connection);
                transactions(connection);
                metadata(connection);
                errors(connection);
                try (Statement statement = connection.createStatement()) {
                    statement.execute("DROP TABLE kinds, people");
                }
            }
        }
        multiStatements();
        System.out.println("done");
    }

    private static Connection connect(String options) throws SQLException {
        return DriverManager.getConnection(url + "java?user=root" + options);
    }

    private static void check(Object actual, Object expected) {
        if (!Objects.equals(actual, expected)) throw new AssertionError(actual + " instead of " + expected);
    }

    private static void types(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("CREATE TABLE kinds (id INT PRIMARY KEY, yes BOOLEAN, wide BIGINT UNSIGNED, amount DECIMAL(20, 4),"
                    + " ratio DOUBLE, day DATE, moment DATETIME(6), span TIME, name VARCHAR(50), raw BLOB, body MEDIUMTEXT)");
        }
        Timestamp moment = Timestamp.valueOf("2024-02-29 12:34:56.123456");
        byte[] raw = new byte[256];
        for (int i = 0; i < raw.length; i++) raw[i] = (byte) i;
        try (PreparedStatement insert = connection.prepareStatement("INSERT INTO kinds VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")) {
            insert.setInt(1, 1);
            insert.setBoolean(2, true);
            insert.setString(3, "18446744073709551615");
            insert.setBigDecimal(4, new BigDecimal("1234567890123456.7891"));
            insert.setDouble(5, 0.1);
            insert.setDate(6, java.sql.Date.valueOf("1999-12-31"));
            insert.setTimestamp(7, moment);
            insert.setTime(8, Time.valueOf("23:59:58"));
            insert.setString(9, "grüße 😀 'x' \\");
            insert.setBytes(10, raw);
            insert.setString(11, "b".repeat(1_000_000));
            check(insert.executeUpdate(), 1);
            insert.setInt(1, 2);
            for (int i = 2; i <= 11; i++) insert.setNull(i, Types.NULL);
            check(insert.executeUpdate(), 1);
        }
        try (PreparedStatement select = connection.prepareStatement("SELECT * FROM kinds WHERE id >= ? ORDER BY id")) {
            select.setInt(1, 0);
            try (ResultSet rows = select.executeQuery()) {
                check(rows.next(), true);
                check(rows.getBoolean("yes"), true);
                check(rows.getString("wide"), "18446744073709551615");
                check(rows.getBigDecimal("amount"), new BigDecimal("1234567890123456.7891"));
                check(rows.getDouble("ratio"), 0.1);
                check(rows.getDate("day").toString(), "1999-12-31");
                check(rows.getTimestamp("moment"), moment);
                check(rows.getTime("span").toString(), "23:59:58");
                check(rows.getString("name"), "grüße 😀 'x' \\");
                check(Arrays.equals(rows.getBytes("raw"), raw), true);
                check(rows.getString("body").length(), 1_000_000);
                check(rows.next(), true);
                check(rows.getInt("wide"), 0);
                check(rows.wasNull(), true);
                check(rows.next(), false);
                ResultSetMetaData columns = rows.getMetaData();
                check(columns.getColumnCount(), 11);
                check(columns.getColumnType(3), Types.BIGINT);
                check(columns.isSigned(3), false);
                check(columns.getColumnType(4), Types.DECIMAL);
                check(columns.getPrecision(4), 20);
                check(columns.getScale(4), 4);
                check(columns.getColumnType(7), Types.TIMESTAMP);
                check(columns.getTableName(9), "kinds");
            }
        }
    }

    private static void keysAndBatches(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("CREATE TABLE people (id BIGINT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(30) NOT NULL, age INT,"
                    + " UNIQUE KEY by_name (name), KEY by_age (age))");
        }
        String insert = "INSERT INTO people (name, age) VALUES (?, ?)";
        try (PreparedStatement statement = connection.prepareStatement(insert, Statement.RETURN_GENERATED_KEYS)) {
            statement.setString(1, "Ada");
            statement.setInt(2, 36);
            statement.executeUpdate();
            try (ResultSet keys = statement.getGeneratedKeys()) {
                check(keys.next(), true);
                check(keys.getLong(1), 1L);
            }
            for (int i = 0; i < 300; i++) {
                statement.setString(1, "person " + i);
                statement.setInt(2, i % 90);
                statement.addBatch();
            }
            check(statement.executeBatch().length, 300);
        }
        try (Statement statement = connection.createStatement()) {
            statement.setFetchSize(10);
            try (ResultSet rows = statement.executeQuery("SELECT COUNT(*), AVG(age), MAX(id) FROM people")) {
                rows.next();
                check(rows.getInt(1), 301);
                check(rows.getLong(3), 301L);
            }
            int count = 0;
            try (ResultSet rows = statement.executeQuery("SELECT * FROM people ORDER BY name")) {
                while (rows.next()) count++;
            }
            check(count, 301);
            statement.setMaxRows(7);
            count = 0;
            try (ResultSet rows = statement.executeQuery("SELECT * FROM people")) {
                while (rows.next()) count++;
            }
            check(count, 7);
        }
    }

    private static void transactions(Connection connection) throws SQLException {
        connection.setAutoCommit(false);
        connection.setTransactionIsolation(Connection.TRANSACTION_READ_COMMITTED);
        check(connection.getTransactionIsolation(), Connection.TRANSACTION_READ_COMMITTED);
        try (Statement statement = connection.createStatement()) {
            statement.executeUpdate("UPDATE people SET age = 1 WHERE name = 'Ada'");
            Savepoint savepoint = connection.setSavepoint();
            check(statement.executeUpdate("DELETE FROM people"), 301);
            connection.rollback(savepoint);
            connection.commit();
            statement.executeUpdate("DELETE FROM people");
            connection.rollback();
            connection.setAutoCommit(true);
            try (ResultSet rows = statement.executeQuery("SELECT age, (SELECT COUNT(*) FROM people) FROM people WHERE id = 1")) {
                rows.next();
                check(rows.getInt(1), 1);
                check(rows.getInt(2), 301);
            }
        }
        connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
    }

    private static void metadata(Connection connection) throws SQLException {
        DatabaseMetaData facts = connection.getMetaData();
        check(facts.getDatabaseProductVersion().startsWith("8."), true);
        check(column(facts.getCatalogs(), "TABLE_CAT").contains("java"), true);
        check(column(facts.getTables("java", null, "%", new String[] {"TABLE"}), "TABLE_NAME"), List.of("kinds", "people"));
        check(column(facts.getColumns("java", null, "people", "%"), "COLUMN_NAME"), List.of("id", "name", "age"));
        check(column(facts.getPrimaryKeys("java", null, "people"), "COLUMN_NAME"), List.of("id"));
        check(new TreeSet<>(column(facts.getIndexInfo("java", null, "people", false, false), "INDEX_NAME")),
                new TreeSet<>(List.of("PRIMARY", "by_name", "by_age")));
        check(connection.isValid(5), true);
    }

    private static List<String> column(ResultSet rows, String name) throws SQLException {
        List<String> values = new ArrayList<>();
        try (rows) {
            while (rows.next()) values.add(rows.getString(name));
        }
        return values;
    }

    private static void errors(Connection connection) throws SQLException {
        fails(connection, "INSERT INTO people (name) VALUES ('Ada')", 1062, "23000");
        fails(connection, "INSERT INTO people (name) VALUES (NULL)", 1048, "23000");
        fails(connection, "SELECT * FROM nothing", 1146, "42S02");
        fails(connection, "SELEKT", 1064, "42000");
        try (Statement statement = connection.createStatement()) {
            statement.setQueryTimeout(1);
            statement.executeQuery("SELECT COUNT(*) FROM people a JOIN people b JOIN people c JOIN people d");
        } catch (SQLException expected) {
            return;
        }
        throw new AssertionError("a statement outlives its time limit");
    }

    private static void fails(Connection connection, String sql, int number, String state) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        } catch (SQLException error) {
            check(error.getErrorCode(), number);
            check(error.getSQLState(), state);
            return;
        }
        throw new AssertionError("no error " + number);
    }

    private static void multiStatements() throws SQLException {
        try (Connection connection = connect("&allowMultiQueries=true"); Statement statement = connection.createStatement()) {
            check(statement.execute("SELECT 1; SELECT 2; DO 0"), true);
            check(statement.getMoreResults(), true);
            try (ResultSet rows = statement.getResultSet()) {
                rows.next();
                check(rows.getInt(1), 2);
            }
            check(statement.getMoreResults(), false);
        }
    }
}
