-- The table that the queries read: paste this first, or start DuckDB with
--
--     cd RUN && duckdb -init ../analysis/view.sql
--
-- where RUN is the output directory of a scan; from elsewhere, edit the path.
-- Columns are only ever added, and DuckDB drops those that its first file does
-- not have, unless it is told to unite files by name.
CREATE OR REPLACE TEMP VIEW rows AS
FROM read_parquet('part-*.parquet', union_by_name = true);
