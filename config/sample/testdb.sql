-- The sample database of a new data folder (init.sample in the configuration): a small shop to try queries on.
CREATE DATABASE testdb;
USE testdb;

CREATE TABLE users (
  id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  name VARCHAR(100) NOT NULL,
  email VARCHAR(255) NOT NULL UNIQUE,
  created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE products (
  id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  name VARCHAR(200) NOT NULL,
  price DECIMAL(10, 2) NOT NULL,
  stock INT NOT NULL DEFAULT 0,
  category VARCHAR(50),
  KEY by_category (category)
);

CREATE TABLE orders (
  id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  user_id INT NOT NULL,
  product_id INT NOT NULL,
  quantity INT NOT NULL,
  total DECIMAL(10, 2) NOT NULL,
  ordered_at DATETIME NOT NULL,
  FOREIGN KEY (user_id) REFERENCES users (id),
  FOREIGN KEY (product_id) REFERENCES products (id)
);

INSERT INTO users (name, email, created_at) VALUES
  ('Ada Okafor', 'ada@example.com', '2024-01-05 09:12:00'),
  ('Bruno Lindqvist', 'bruno@example.com', '2024-01-19 14:40:00'),
  ('Chiara Moreau', 'chiara@example.com', '2024-02-02 11:03:00'),
  ('Dmitri Tanaka', 'dmitri@example.com', '2024-03-11 16:25:00');

INSERT INTO products (name, price, stock, category) VALUES
  ('Mechanical keyboard', 89.90, 40, 'hardware'),
  ('27 inch monitor', 249.00, 12, 'hardware'),
  ('USB-C cable', 9.50, 300, 'accessories'),
  ('Laptop stand', 34.00, 75, 'accessories'),
  ('Office chair', 199.00, 8, 'furniture');

INSERT INTO orders (user_id, product_id, quantity, total, ordered_at) VALUES
  (1, 1, 1, 89.90, '2024-02-10 10:00:00'),
  (1, 3, 4, 38.00, '2024-02-10 10:00:00'),
  (2, 2, 2, 498.00, '2024-02-21 17:30:00'),
  (3, 4, 1, 34.00, '2024-03-01 08:15:00'),
  (3, 5, 1, 199.00, '2024-03-15 12:45:00'),
  (4, 3, 10, 95.00, '2024-04-02 19:20:00');
