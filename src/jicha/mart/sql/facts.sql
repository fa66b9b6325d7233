-- write --
COPY ({rows}) TO {path} (FORMAT parquet, COMPRESSION zstd);

-- view --
CREATE OR REPLACE VIEW {fact} AS SELECT * FROM read_parquet({path}, hive_partitioning = false);
