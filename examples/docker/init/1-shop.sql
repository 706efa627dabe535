-- Runs once, when the volume is new.
CREATE DATABASE shop;
CREATE TABLE shop.products (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(200) NOT NULL, price DECIMAL(10, 2) NOT NULL);
CREATE USER shop@'%' IDENTIFIED BY 'change me';
GRANT SELECT, INSERT, UPDATE, DELETE ON shop.* TO shop@'%';
